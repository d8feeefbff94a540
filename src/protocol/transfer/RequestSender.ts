import type { Channel } from "../Channel.js";

/** What a transfer needs of a channel. */
export type RequestSender = Pick<Channel, "request" | "writable" | "largestUndividedPayload">;

/**
 * Requests of one transfer that are on their way: a bounded number, their answers awaited in order.
 * The first failure is thrown by the call that meets it; later ones are silent.
 */
export class RequestWindow {
  readonly #size: () => number;
  readonly #inFlight: Promise<void>[] = [];

  /** @param size how many may be on their way; asked anew for each */
  constructor(size: () => number) {
    this.#size = size;
  }

  /** Waits until another request may be sent. */
  async room(): Promise<void> {
    while (this.#inFlight.length >= this.#size()) await this.#inFlight.shift();
  }

  add(request: Promise<void>): void {
    request.catch(() => undefined);
    this.#inFlight.push(request);
  }

  /** Waits until every request has been answered. */
  async settled(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#inFlight.shift();
  }
}

/**
 * Waits for a promise, but no longer than until the signal is aborted; then it rejects with the
 * signal's reason, and the promise goes on unwatched.
 */
export function abortable<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(resolve, reject);
    promise.then(forget, forget);
  });
}
