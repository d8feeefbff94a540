import type { ImportSummary } from "../AgentStore.js";
import type { AgentLists } from "../AgentLists.js";
import type { NewAgent } from "../NewAgent.js";
import { readAgentSync, writeAgentSync } from "./agentSync.js";
import { databaseError, err, errNear, syntaxError } from "./answers.js";
import type { CommandContext } from "./CommandContext.js";
import { GLOBAL_COMMANDS } from "./globalCommands.js";
import { importAgents } from "./importAgents.js";
import { prepareSchema } from "./schema.js";
import type { SqlDatabase } from "./SqlDatabase.js";

export interface EmbeddedStoreOptions {
  /** Opens the database file; called again after a failure. */
  readonly open: () => SqlDatabase;
  /** Milliseconds since the epoch. */
  readonly wallTime: () => number;
  /** Something that the node's log should say. */
  readonly notice: (text: string) => void;
}

/**
 * muster's own agent store: a global.db file that understands wazuh-db's text commands (dapi.md 6). Synchronous:
 * it belongs on a thread of its own. The file is opened with the first command, and again after a failure to
 * open it, so that a full disk or a missing right heals without a restart.
 */
export class EmbeddedStore {
  readonly #options: EmbeddedStoreOptions;
  #context: CommandContext | null = null;

  constructor(options: EmbeddedStoreOptions) {
    this.#options = options;
  }

  /**
   * Runs one command, for example `global sync-agent-info-get `, and gives its answer, never longer than
   * wazuh-db's buffer.
   * @throws Error when the database can't be opened.
   */
  run(command: string): string {
    const [actor, rest] = cutWord(command);
    if (rest === null) return syntaxError(command);
    if (actor === "wazuhdb") return removeDatabases(rest);
    if (actor !== "global") return err(`Invalid DB query actor: '${actor.slice(0, 32)}'`);
    const [name, argument] = cutWord(rest);
    const globalCommand = GLOBAL_COMMANDS.get(name);
    if (globalCommand === undefined) return syntaxError(rest);
    const context = this.#open();
    try {
      return globalCommand(argument, context);
    } catch (error) {
      return databaseError(error);
    }
  }

  /** Creates or updates agents, all or none. */
  importAgents(agents: readonly NewAgent[]): ImportSummary {
    return importAgents(agents, this.#open());
  }

  /** What waits to be sent to the master, as three lists (dapi.md 6.5). */
  agentLists(): AgentLists {
    return readAgentSync(this.#open());
  }

  /** Writes what a worker sent, given as JSON. @throws Error that says why nothing was written. */
  storeAgentLists(text: string): void {
    writeAgentSync(text, this.#open());
  }

  close(): void {
    this.#context?.database.close();
    this.#context = null;
  }

  #open(): CommandContext {
    if (this.#context !== null) return this.#context;
    const { open, wallTime, notice } = this.#options;
    const seconds = (): number => Math.floor(wallTime() / 1000);
    const database = open();
    try {
      prepareSchema(database, seconds());
    } catch (error) {
      database.close();
      throw error;
    }
    this.#context = { database, seconds, notice, cursors: { agentInfo: 0 } };
    return this.#context;
  }
}

/** The first word, and what follows one space; null when there is no space. */
function cutWord(text: string): [string, string | null] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, null] : [text.slice(0, space), text.slice(space + 1)];
}

/** `wazuhdb remove <id> …` (dapi.md 6.3): this store keeps no database per agent, so there is nothing to remove. */
function removeDatabases(argument: string): string {
  const [word, ...ids] = argument.split(" ").filter((part) => part !== "");
  if (word !== "remove" || ids.length === 0) return errNear("Invalid DB query syntax", argument);
  const outcome = ids.map((id) => [id, /^\d{1,10}$/.test(id) ? "ok" : "Invalid agent ID"] as const);
  return `ok ${JSON.stringify({ agents: Object.fromEntries(outcome) })}`;
}
