import type { TraceLine } from "../../node/trace/TraceLine.js";

/** How long the actors of one machine, for one peer, stayed in a state. */
export interface StateTime {
  readonly peer: string;
  readonly machine: string;
  readonly state: string;
  times: number;
  /** Milliseconds: in all, and the longest stay. */
  total: number;
  longest: number;
}

/** What one process of one peer did. */
export interface ProcessSummary {
  readonly peer: string;
  readonly machine: string;
  /** Rounds that left `free`, and those that recorded a failure. */
  rounds: number;
  failures: number;
  /** Transfers that ended well, and their bytes where the machine counts them. */
  transfers: number;
  bytes: number;
}

interface Stay {
  readonly state: string;
  readonly since: number;
}

const TRANSFERS = new Set(["sendingFile", "receivingFile", "sendingString"]);

/** Adds up a trace: stays in states, rounds, transfers. Bounded by the machines, the peers and the actors that live. */
export class TraceSummary {
  readonly #stays = new Map<string, Stay>();
  readonly #times = new Map<string, StateTime>();
  readonly #processes = new Map<string, ProcessSummary>();

  /** Takes a line; gives the milliseconds that the actor was in the state which it leaves, if that is known. */
  add(line: TraceLine): number | undefined {
    const { actor, elapsed, from, state, peer = "" } = line;
    const stay = this.#stays.get(actor);
    this.#stays.set(actor, { state, since: elapsed });
    if (from === undefined) return undefined;
    const process = this.#process(peer, line.machine);
    if (from === "free") process.rounds += 1;
    if (line.error !== undefined) process.failures += 1;
    else if (TRANSFERS.has(from) && state !== "free" && state !== "reportingError") {
      process.transfers += 1;
      process.bytes += line.bytes ?? 0;
    }
    if (stay?.state !== from) return undefined;
    const spent = elapsed - stay.since;
    const time = this.#time(peer, line.machine, from);
    time.times += 1;
    time.total += spent;
    time.longest = Math.max(time.longest, spent);
    return spent;
  }

  /** Lines are missing: how long actors were in their states is not known. */
  gap(): void {
    this.#stays.clear();
  }

  get states(): readonly StateTime[] {
    return [...this.#times.values()].sort((one, other) => order(one, other) || other.total - one.total);
  }

  /** Those that did something. */
  get processes(): readonly ProcessSummary[] {
    return [...this.#processes.values()].filter(({ rounds }) => rounds > 0).sort(order);
  }

  #process(peer: string, machine: string): ProcessSummary {
    const key = `${peer} ${machine}`;
    const process = this.#processes.get(key) ?? { peer, machine, rounds: 0, failures: 0, transfers: 0, bytes: 0 };
    this.#processes.set(key, process);
    return process;
  }

  #time(peer: string, machine: string, state: string): StateTime {
    const key = `${peer} ${machine} ${state}`;
    const time = this.#times.get(key) ?? { peer, machine, state, times: 0, total: 0, longest: 0 };
    this.#times.set(key, time);
    return time;
  }
}

function order(one: { peer: string; machine: string }, other: { peer: string; machine: string }): number {
  return one.peer.localeCompare(other.peer) || one.machine.localeCompare(other.machine);
}
