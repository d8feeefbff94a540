import type { AgentStore } from "../../src/agents/AgentStore.js";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../src/agents/AgentStoreSettings.js";
import { EmbeddedStore } from "../../src/agents/embedded/EmbeddedStore.js";
import { openDatabase } from "../../src/agents/embedded/openDatabase.js";
import type { SqlDatabase } from "../../src/agents/embedded/SqlDatabase.js";
import type { NewAgent } from "../../src/agents/NewAgent.js";
import { WdbAgentStore } from "../../src/agents/WdbAgentStore.js";
import type { Clock } from "../../src/protocol/Clock.js";
import type { Life, SimulatedTime } from "./SimulatedTime.js";

/** What a worker tells of an agent, as far as histories change it. */
export type AgentWords = readonly [id: number, version: string, status: string];

/** One machine's agents, in a database of the product's own that outlives the processes. */
export class SimulatedStore {
  readonly #store: EmbeddedStore;
  #database: SqlDatabase | undefined;

  constructor(wallTime: () => number) {
    this.#store = new EmbeddedStore({
      open: () => {
        this.#database = openDatabase(":memory:", 1000);
        return this.#database;
      },
      wallTime,
      notice: () => undefined,
    });
  }

  /** What some other daemon of the machine writes: an agent registers, or reports. */
  importAgents(agents: readonly NewAgent[]): void {
    this.#store.importAgents(agents);
  }

  /** Agents of a node, or of all. */
  words(nodeName?: string): readonly AgentWords[] {
    const condition = nodeName === undefined ? "id > 0" : `id > 0 and node_name = '${nodeName}'`;
    const rows = this.#database?.all(`select id, version, connection_status from agent where ${condition} order by id`) ?? [];
    return rows.map((row) => [Number(row["id"]), String(row["version"]), String(row["connection_status"])]);
  }

  /** Are there agents that the worker's next round would tell of? */
  get isWaiting(): boolean {
    return (this.#database?.all("select id from agent where id > 0 and sync_status <> 'synced' limit 1") ?? []).length > 0;
  }

  close(): void {
    this.#store.close();
  }

  /** The store as a process has it: commands take time, and are carried out or not. */
  of(time: SimulatedTime, life: Life, clock: Clock, delay: () => number): AgentStore {
    const request = (command: string, signal: AbortSignal): Promise<string> =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        time.after(delay(), life, () => {
          if (signal.aborted) return;
          const answer = this.#store.run(command);
          time.after(delay(), life, () => resolve(answer));
        });
      });
    const described = { adapter: "embedded", state: "connected", location: "memory", lastError: null, inFlight: 0, waiting: 0, restarts: 0 } as const;
    return new WdbAgentStore({
      transport: { request, describe: () => described, close: () => Promise.resolve() },
      clock,
      settings: DEFAULT_AGENT_STORE_SETTINGS,
    });
  }
}
