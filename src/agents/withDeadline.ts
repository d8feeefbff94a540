import type { Clock } from "../protocol/Clock.js";
import { AgentStoreError } from "./AgentStoreError.js";
import type { CallOptions } from "./CallOptions.js";

/**
 * Runs `work` with a signal that fires when the caller's signal does or when the time is over, and rejects
 * at that moment, even when `work` goes on for a while to leave things in order.
 * @throws AgentStoreError 2007 when the time is over; the caller's reason when its signal fires.
 */
export async function withDeadline<T>(
  clock: Clock,
  options: CallOptions | undefined,
  defaultTimeout: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const outer = options?.signal;
  outer?.throwIfAborted();
  const timeout = options?.timeout ?? defaultTimeout;
  const controller = new AbortController();
  const followOuter = (): void => controller.abort(outer?.reason);
  outer?.addEventListener("abort", followOuter, { once: true });
  const timer = clock.setTimeout(() => {
    controller.abort(new AgentStoreError(2007, `${what} took longer than ${timeout} ms`));
  }, timeout);
  try {
    return await new Promise<T>((resolve, reject) => {
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error), { once: true });
      work(controller.signal).then(resolve, reject);
    });
  } finally {
    clock.clearTimeout(timer);
    outer?.removeEventListener("abort", followOuter);
  }
}
