import { seededRandom } from "../support/seededRandom.js";
import { Allocations } from "./allocations.js";
import { DEFAULT_MOST_BYTES, type FuzzTarget } from "./FuzzTarget.js";
import { hits, TooManySteps } from "./hits.js";
import { Mutator } from "./Mutator.js";
import { shrink } from "./shrink.js";
import { Watchdog } from "./Watchdog.js";

/** Steps, and bytes of memory, for each byte of an input, and besides: a bound on both that no way of decoding in a few passes meets. */
const STEPS_PER_BYTE = 400;
const STEPS_BESIDES = 20_000;
const MEMORY_PER_BYTE = 64;
const MEMORY_BESIDES = 4 * 1024 * 1024;
/** Inputs between two pauses, in which timers and a test runner have their turn. */
const INPUTS_PER_TURN = 256;

/** An input that broke something. */
export interface Found {
  /** As small as it could be made. */
  readonly input: Buffer;
  readonly failure: string;
}

/** Feeds one target: inputs that reach new blocks, or the same ones more often, are kept and changed further. */
export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #seen = new Map<number, number>();
  readonly #kept: Buffer[] = [];
  tried = 0;

  constructor(target: FuzzTarget) {
    this.#target = target;
  }

  /** Blocks of code that were reached. */
  get blocks(): number {
    return this.#seen.size;
  }

  /** Inputs that reached something new. */
  get kept(): number {
    return this.#kept.length;
  }

  /**
   * Tries inputs until one fails or `goesOn` says no.
   *
   * @param folder where an input is left that never ends
   */
  async run(seed: number, goesOn: (tried: number) => boolean, folder: string): Promise<Found | undefined> {
    const { mostBytes = DEFAULT_MOST_BYTES, dictionary } = this.#target;
    const random = seededRandom(seed);
    const mutator = new Mutator(random, dictionary, mostBytes);
    const dog = new Watchdog(mostBytes, folder);
    const allocations = new Allocations();
    const attempt = async (input: Buffer): Promise<string | undefined> => {
      dog.begin(input);
      const failure = await this.#attempt(input, allocations);
      dog.done();
      return failure;
    };
    try {
      const corpus = this.#target.corpus().map((input) => input.subarray(0, mostBytes));
      for (const input of [Buffer.alloc(0), ...corpus]) {
        const failure = await attempt(input);
        if (failure !== undefined) return { input: await shrink(input, failure, attempt), failure };
      }
      const pick = (): Buffer => {
        // Young ones more often: they are at the border of what is known.
        const young = random.below(2) === 0 ? Math.max(0, this.#kept.length - 16) : 0;
        return this.#kept[young + random.below(this.#kept.length - young)] ?? Buffer.alloc(0);
      };
      while (goesOn(this.tried)) {
        const input = mutator.mutate(pick(), pick());
        const failure = await attempt(input);
        if (failure !== undefined) return { input: await shrink(input, failure, attempt), failure };
        if (this.tried % INPUTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return undefined;
    } finally {
      allocations.end();
      await dog.end();
    }
  }

  /** What one input broke, if anything; an input that reached something new is kept. */
  async #attempt(input: Buffer, allocations: Allocations): Promise<string | undefined> {
    this.tried += 1;
    const bound = STEPS_BESIDES + (this.#target.moreSteps ?? 0) + STEPS_PER_BYTE * input.length;
    const copy = Buffer.from(input);
    allocations.begin();
    hits.begin(bound);
    let failure: string | undefined;
    try {
      const running = this.#target.run(copy);
      if (running !== undefined) await running;
    } catch (error) {
      failure = error instanceof TooManySteps ? `it takes ${error.message}` : error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    // The code may have caught what stopped it.
    if (hits.steps > bound) failure ??= `it takes more than ${String(bound)} steps`;
    if (allocations.bytes > MEMORY_BESIDES + MEMORY_PER_BYTE * input.length) failure ??= `it allocates ${String(allocations.bytes)} bytes for ${String(input.length)}`;
    if (!copy.equals(input)) failure ??= "it changes its input";
    let isNew = false;
    for (const [block, magnitude] of hits.end()) {
      const known = this.#seen.get(block) ?? 0;
      if ((known & magnitude) !== 0) continue;
      this.#seen.set(block, known | magnitude);
      isNew = true;
    }
    if (isNew || this.#kept.length === 0) this.#kept.push(Buffer.from(input));
    return failure;
  }
}

/** Runs one input as a test does. @throws what it breaks. */
export async function replay(target: FuzzTarget, input: Buffer): Promise<void> {
  const bound = STEPS_BESIDES + (target.moreSteps ?? 0) + STEPS_PER_BYTE * input.length;
  hits.begin(bound);
  try {
    await target.run(input);
    if (hits.steps > bound) throw new TooManySteps(`more than ${String(bound)} steps`);
  } finally {
    hits.end();
  }
}
