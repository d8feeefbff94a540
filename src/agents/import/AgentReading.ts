import type { NewAgent } from "../NewAgent.js";

/** Agents read from a file, and every mistake in it; agents are only good when there is none. */
export interface AgentReading {
  readonly agents: readonly NewAgent[];
  /** One line each: where, what, and what would be right. */
  readonly problems: readonly string[];
}
