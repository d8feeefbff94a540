import type { ImportSummary } from "../AgentStore.js";
import type { AgentLists } from "../AgentLists.js";
import type { NewAgent } from "../NewAgent.js";

/** One running thread of the embedded agent store, as the node's main thread sees it. */
export interface StoreThread {
  /** Runs one text command; rejects when the database can't be opened. Never settles when the thread dies. */
  run(command: string): Promise<string>;
  importAgents(agents: readonly NewAgent[]): Promise<ImportSummary>;
  agentLists(): Promise<AgentLists>;
  storeAgentLists(text: string): Promise<void>;
  /** Closes the database file. */
  close(): Promise<void>;
  /** Rejects when the thread is gone, whatever the reason; never resolves. */
  readonly death: Promise<never>;
  /** Ends the thread. */
  stop(): Promise<void>;
}
