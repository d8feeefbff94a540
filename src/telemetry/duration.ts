/** A clock that never jumps, in milliseconds; `Clock` is one. */
export interface MonotonicClock {
  now(): number;
}

/** Milliseconds as the reference prints durations: `0.012s` (dapi.md 4.5). */
export function formatDuration(milliseconds: number): string {
  // A clock that is read from another thread may seem to run backwards by a hair.
  return `${(Math.max(milliseconds, 0) / 1000).toFixed(3)}s`;
}

/** Measures the time since its creation. */
export class Stopwatch {
  readonly #clock: MonotonicClock;
  readonly #start: number;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#clock.now() - this.#start;
  }

  /** For messages: `Finished in ${stopwatch}.` */
  toString(): string {
    return formatDuration(this.elapsed);
  }
}
