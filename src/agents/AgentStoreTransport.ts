import type { AgentStoreDescription } from "./AgentStore.js";

/**
 * The way to a store that speaks the text commands of dapi.md 6: wazuh-db's socket, or the embedded store's
 * thread. One command gives one whole answer text (`ok …`, `due …`, `err …`).
 */
export interface AgentStoreTransport {
  /**
   * Sends one command. Fails with `AgentStoreError` 2005, 2007 or 2009, or with the signal's reason; a command
   * that was sent before the signal came may be carried out all the same.
   */
  request(command: string, signal: AbortSignal): Promise<string>;
  describe(): AgentStoreDescription;
  close(): Promise<void>;
}
