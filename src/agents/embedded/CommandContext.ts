import type { SqlDatabase } from "./SqlDatabase.js";

/** What the commands of the embedded store work with. */
export interface CommandContext {
  readonly database: SqlDatabase;
  /** Now, in whole seconds since the epoch. */
  readonly seconds: () => number;
  /** Something that the node's log should say. */
  readonly notice: (text: string) => void;
  /** What one command remembers until it is repeated. */
  readonly cursors: Cursors;
}

/** Positions that are kept between the pages of one command (dapi.md 6.3). */
export interface Cursors {
  /** The last agent that `sync-agent-info-get` gave; 0 between two rounds. */
  agentInfo: number;
}

/**
 * One command of the global database: what stands behind its name (null when nothing does, an empty text
 * after a single space) gives the answer's text. What it throws becomes the answer `err Cannot execute …`.
 */
export type GlobalCommand = (argument: string | null, context: CommandContext) => string;
