/** Thrown in the middle of code that has taken more steps than its input allows. */
export class TooManySteps extends Error {
  override readonly name = "TooManySteps";
}

/** Blocks of instrumented code that can be told apart. */
const MOST_BLOCKS = 65_536;

/**
 * How often each block of the product's code ran: `instrument.ts` puts a call of `hit` into every block. The sum is the
 * measure of time, so that what counts as hanging depends on no machine.
 */
class Hits {
  readonly #counts = new Uint32Array(MOST_BLOCKS);
  #touched: number[] = [];
  #bound = Infinity;
  #steps = 0;

  /** Blocks that ran since the last `begin`. */
  get steps(): number {
    return this.#steps;
  }

  readonly hit = (block: number): void => {
    const at = block % MOST_BLOCKS;
    if (this.#counts[at] === 0) this.#touched.push(at);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#steps += 1;
    if (this.#steps > this.#bound) throw new TooManySteps(`more than ${String(this.#bound)} steps`);
  };

  /** Forgets what was counted. @param bound steps beyond which the code is stopped. */
  begin(bound: number): void {
    for (const at of this.#touched) this.#counts[at] = 0;
    this.#touched = [];
    this.#bound = bound;
    this.#steps = 0;
  }

  /** Ends the counting: nothing is stopped any more. Gives each block that ran, and the magnitude of its count as one bit. */
  end(): readonly (readonly [block: number, magnitude: number])[] {
    this.#bound = Infinity;
    return this.#touched.map((at) => [at, 1 << Math.min(7, 31 - Math.clz32(this.#counts[at] ?? 1))] as const);
  }
}

export const hits = new Hits();

// Instrumented modules look for it as they are loaded.
Object.assign(globalThis, { __musterHit: hits.hit });
