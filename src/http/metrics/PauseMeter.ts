import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";

/** Milliseconds between two looks at the clock; pauses shorter than this are not seen. */
const RESOLUTION = 10;

/** Pauses of the main thread in seconds. */
export interface Pauses {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Measures how long the main thread kept others waiting; runs from the first reader on. */
export class PauseMeter {
  #histogram: IntervalHistogram | undefined;

  attend(): void {
    if (this.#histogram !== undefined) return;
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#histogram.enable();
  }

  /** The pauses since the last call; undefined when nothing was measured. */
  take(): Pauses | undefined {
    const histogram = this.#histogram;
    if (histogram === undefined || histogram.count === 0) return undefined;
    // A look comes `RESOLUTION` after the one before when nothing is in its way.
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000);
    const pauses = { p50: seconds(histogram.percentile(50)), p99: seconds(histogram.percentile(99)), longest: seconds(histogram.max) };
    histogram.reset();
    return pauses;
  }

  stop(): void {
    this.#histogram?.disable();
    this.#histogram = undefined;
  }
}
