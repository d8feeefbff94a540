import type { Clock } from "../protocol/Clock.js";

/** A function that passes on at most one call per interval (milliseconds); calls in between are dropped. */
export function throttled<Value>(clock: Pick<Clock, "now">, interval: number, call: (value: Value) => void): (value: Value) => void {
  let last = -Infinity;
  return (value) => {
    const now = clock.now();
    if (now - last < interval) return;
    last = now;
    call(value);
  };
}
