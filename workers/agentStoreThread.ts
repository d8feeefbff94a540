import type { ImportSummary } from "../src/agents/AgentStore.js";
import type { AgentLists } from "../src/agents/AgentLists.js";
import type { NewAgent } from "../src/agents/NewAgent.js";

/** What the agent store's thread is started with. */
export interface AgentStoreThreadData {
  /** The database file, absolute. */
  readonly path: string;
  /** Milliseconds to wait for another process's lock. */
  readonly busyTimeout: number;
}

/** What the thread offers over comlink. A failure arrives as a `ThreadError`. */
export interface AgentStoreThreadApi {
  /** Runs one text command (dapi.md 6) and gives its answer. */
  run(command: string): string;
  importAgents(agents: readonly NewAgent[]): ImportSummary;
  agentLists(): AgentLists;
  storeAgentLists(text: string): void;
  /** Closes the file; the next call opens it again. */
  close(): void;
}

/** A message beside comlink's: something for the node's log. */
export interface AgentStoreThreadNotice {
  readonly notice: string;
}

/** Whether a message of the thread is a notice. */
export function isThreadNotice(message: unknown): message is AgentStoreThreadNotice {
  return typeof message === "object" && message !== null && "notice" in message && typeof message.notice === "string";
}
