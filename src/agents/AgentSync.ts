import type { AgentLists } from "./AgentLists.js";

/** The way of the three lists (dapi.md 6.5): wazuh-db's HTTP socket, or the embedded store's thread. */
export interface AgentSync {
  read(signal: AbortSignal): Promise<AgentLists>;
  write(lists: AgentLists, signal: AbortSignal): Promise<void>;
}
