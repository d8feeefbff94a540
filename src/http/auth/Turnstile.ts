/** Lets few tasks through at a time and few others wait. */
export class Turnstile {
  readonly #atOnce: number;
  readonly #waitingBound: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number, waitingBound: number) {
    this.#atOnce = atOnce;
    this.#waitingBound = waitingBound;
  }

  /** Whether another task would be taken. */
  get hasRoom(): boolean {
    return this.#running < this.#atOnce || this.#waiting.length < this.#waitingBound;
  }

  /** Runs the task when its turn comes. @throws Error at once when there is no room */
  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    if (!this.hasRoom) throw new Error("too many tasks wait already");
    if (this.#running < this.#atOnce) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The place goes on to the next one, or is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
