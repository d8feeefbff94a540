import type { AgentStore } from "../../agents/AgentStore.js";
import type { MonotonicClock } from "../../telemetry/duration.js";

/** Milliseconds for which an answer is good. */
const AGENTS_KEPT = 30_000;
/** Milliseconds that all the questions of one answer may take. */
const AGENTS_DEADLINE = 2_000;

const STATUSES = ["active", "disconnected", "never_connected", "pending"] as const;

/**
 * Agents by status, asked of the store at most once in a while and for a bounded time, however often and by how
 * many they are read. A store that does not answer leaves the figures out; a wrong old one would raise no alarm.
 */
export class AgentFigures {
  readonly #store: Pick<AgentStore, "listAgents">;
  readonly #clock: MonotonicClock;
  #answer: Promise<ReadonlyMap<string, number>> | undefined;
  #askedAt = -Infinity;

  constructor(store: Pick<AgentStore, "listAgents">, clock: MonotonicClock) {
    this.#store = store;
    this.#clock = clock;
  }

  async byStatus(): Promise<ReadonlyMap<string, number>> {
    const now = this.#clock.now();
    if (this.#answer === undefined || now - this.#askedAt > AGENTS_KEPT) {
      this.#askedAt = now;
      this.#answer = this.#ask().catch(() => new Map());
    }
    return await this.#answer;
  }

  async #ask(): Promise<ReadonlyMap<string, number>> {
    const signal = AbortSignal.timeout(AGENTS_DEADLINE);
    const counts = new Map<string, number>();
    for (const status of STATUSES) {
      const { total } = await this.#store.listAgents({ status: [status], select: ["id"], limit: 1 }, { signal });
      counts.set(status, total);
    }
    return counts;
  }
}
