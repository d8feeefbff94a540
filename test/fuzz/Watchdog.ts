import { Worker } from "node:worker_threads";

/** Milliseconds after which one input that is still worked on counts as hanging: steps are counted in blocks, and a regular expression is none. */
const HANGING = 30_000;

/** Looks, from a thread of its own, at which input is in work; ends the process when it stays the same, with the input in a file. */
const WATCH = `
const { workerData: { state, input, folder, hanging } } = require("node:worker_threads");
const { writeFileSync } = require("node:fs");
let seen = -1;
setInterval(() => {
  const [turn, length] = [Atomics.load(state, 0), Atomics.load(state, 1)];
  if (turn === seen && turn % 2 === 1) {
    const file = folder + "/hanging-" + process.pid;
    writeFileSync(file, Buffer.from(input.slice(0, length)));
    process._rawDebug("an input is worked on for " + hanging + " ms: " + file);
    process.kill(process.pid, "SIGKILL");
  }
  seen = turn;
}, hanging);
`;

export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #input: Uint8Array;
  readonly #worker: Worker;

  /** @param folder where an input is left that hangs. */
  constructor(mostBytes: number, folder: string) {
    this.#input = new Uint8Array(new SharedArrayBuffer(mostBytes));
    this.#worker = new Worker(WATCH, { eval: true, workerData: { state: this.#state, input: this.#input, folder, hanging: HANGING } });
    this.#worker.unref();
  }

  begin(input: Buffer): void {
    this.#input.set(input);
    Atomics.store(this.#state, 1, input.length);
    Atomics.add(this.#state, 0, 1);
  }

  done(): void {
    Atomics.add(this.#state, 0, 1);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
