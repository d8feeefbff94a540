import type { Clock, TimerHandle } from "../../src/protocol/Clock.js";
import { ManualClock } from "./manualClock.js";
import { RUN_EPOCH } from "./machineText.js";

/** A clock that a test moves, and that knows when its next timer is due. XState and the machines both read it. */
export class MachineTime implements Clock {
  readonly #clock = new ManualClock(RUN_EPOCH);
  /** Handle → monotonic time at which it is due. */
  readonly #due = new Map<TimerHandle, number>();

  // XState calls these two without their object.
  readonly setTimeout = (callback: (...ignored: unknown[]) => void, milliseconds: number): TimerHandle => {
    const handle = this.#clock.setTimeout(() => {
      this.#due.delete(handle);
      callback();
    }, milliseconds);
    this.#due.set(handle, this.now() + milliseconds);
    return handle;
  };

  readonly clearTimeout = (handle: TimerHandle): void => {
    this.#due.delete(handle);
    this.#clock.clearTimeout(handle);
  };

  readonly now = (): number => this.#clock.now();

  readonly wallTime = (): number => this.#clock.wallTime();

  /** Milliseconds until the next timer is due; null when none runs. */
  get untilNextTimer(): number | null {
    const due = [...this.#due.values()];
    return due.length === 0 ? null : Math.min(...due) - this.now();
  }

  /** Moves monotonic and wall time on together, firing what becomes due on the way. */
  advance(milliseconds: number): void {
    this.#clock.advance(milliseconds);
  }
}
