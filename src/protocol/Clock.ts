/** A running timer, as `Clock.setTimeout` returned it. Opaque to its holder. */
export type TimerHandle = unknown;

/**
 * Time as a parameter. The real clock is in `src/node/ports`; the simulation has its own.
 * The two timer methods have the shape that XState's `clock` option expects.
 */
export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines. Never jumps with the wall clock. */
  now(): number;
  /** Milliseconds since the Unix epoch, for instants that people read. */
  wallTime(): number;
  /** Calls `callback` once after `milliseconds`. */
  setTimeout(callback: (...ignored: unknown[]) => void, milliseconds: number): TimerHandle;
  /** Stops a timer; a timer that has fired already is ignored. */
  clearTimeout(handle: TimerHandle): void;
}

/** Randomness as a parameter, so that a simulation can be replayed from its seed. */
export interface RandomSource {
  /** A uniformly random unsigned 32-bit integer. */
  uint32(): number;
  /** `length` random bytes (initialisation vectors). */
  bytes(length: number): Buffer;
  /** A random UUID, version 4, in its text form (task ids). */
  uuid(): string;
}
