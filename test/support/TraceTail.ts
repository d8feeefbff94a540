import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** One change of a machine's state, as `muster run --trace` writes it. */
export interface StateChange {
  readonly machine: string;
  readonly state: string;
}

/** Short, because the states that tests wait for may last a few milliseconds only. */
const POLL_INTERVAL = 2;
const READ_BYTES = 64 * 1024;

/** Follows the trace that a node writes. */
export class TraceTail {
  readonly #file: string;
  readonly #changes: StateChange[] = [];
  #offset = 0;
  #rest = "";

  constructor(file: string) {
    this.#file = file;
  }

  /** The latest state of each machine, by its name; of several actors of one machine the youngest one's. */
  async states(): Promise<Readonly<Record<string, string>>> {
    await this.#read();
    return Object.fromEntries(this.#changes.map(({ machine, state }) => [machine, state]));
  }

  /** Waits until a machine comes into a state after this call; `state` may be the first part of a longer name. */
  async next(machine: string, state: string, timeout: number): Promise<void> {
    await this.#read();
    const deadline = performance.now() + timeout;
    for (let seen = this.#changes.length; performance.now() < deadline;) {
      for (; seen < this.#changes.length; seen += 1) {
        const change = this.#changes[seen];
        if (change?.machine === machine && change.state.startsWith(state)) return;
      }
      await delay(POLL_INTERVAL);
      await this.#read();
    }
    throw new Error(`${machine} did not come into state ${state} within ${timeout} ms`);
  }

  async #read(): Promise<void> {
    const file = await open(this.#file).catch(() => undefined);
    if (file === undefined) return;
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        const lines = (this.#rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) {
          const record = JSON.parse(line) as Partial<StateChange>;
          // The header and the end are no change of state.
          if (record.machine !== undefined) this.#changes.push(record as StateChange);
        }
      }
    } finally {
      await file.close();
    }
  }
}
