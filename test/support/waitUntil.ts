import { setTimeout as delay } from "node:timers/promises";

const DEFAULT_TIMEOUT = 20_000;
const POLL_INTERVAL = 25;

/**
 * Waits for something that only another process can make true.
 *
 * @param condition asked again and again; an exception means not yet, like a falsy value
 * @param timeout milliseconds
 * @param what the thing waited for, for the error's text
 * @returns the condition's first truthy value
 * @throws Error after `timeout`, with the condition's last exception as its cause
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  timeout = DEFAULT_TIMEOUT,
  what = "the condition",
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeout;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      cause = undefined;
      if (value) return value as NonNullable<Exclude<T, false>>;
    } catch (error) {
      cause = error;
    }
    await delay(POLL_INTERVAL);
  } while (performance.now() < deadline);
  throw new Error(`${what} did not come true within ${timeout} ms`, cause === undefined ? {} : { cause });
}
