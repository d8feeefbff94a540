/** Strings that are sent over one connection at a time: well below what a peer keeps open (`openStrings`). */
export const STRINGS_AT_ONCE = 8;

/**
 * Lets so many pieces of work run at a time; the others wait for their turn, in order. A peer keeps a bounded number of
 * strings that no command has named yet and drops the oldest one beyond it, so answers are sent a few at a time.
 */
export class Lane {
  readonly #width: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number) {
    this.#width = width;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#width) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
