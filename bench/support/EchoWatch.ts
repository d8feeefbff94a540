import { setTimeout as sleep } from "node:timers/promises";
import type { FleetWorker } from "./FleetWorker.js";
import { percentile } from "./statistics.js";

/** Milliseconds between two echoes of the watching worker. */
const GAP = 2;
const PAYLOAD = Buffer.alloc(100, 120);

export interface EchoTimes {
  readonly count: number;
  readonly p99: number;
  readonly longest: number;
}

/** A second worker that asks for one echo after the other, and how long each took: milliseconds. */
export class EchoWatch {
  readonly #worker: FleetWorker;
  #times: number[] = [];
  #runs = false;
  #loop: Promise<void> | undefined;

  constructor(worker: FleetWorker) {
    this.#worker = worker;
  }

  start(): void {
    this.#runs = true;
    this.#loop = this.#ask();
    // Told by stop.
    this.#loop.catch(() => undefined);
  }

  /** The times since the last call. */
  take(): EchoTimes {
    const times = this.#times;
    this.#times = [];
    return { count: times.length, p99: percentile(times, 0.99), longest: Math.max(...times) };
  }

  async stop(): Promise<void> {
    this.#runs = false;
    await this.#loop;
  }

  async #ask(): Promise<void> {
    while (this.#runs) {
      this.#times.push(await this.#worker.echo(PAYLOAD));
      await sleep(GAP);
    }
  }
}
