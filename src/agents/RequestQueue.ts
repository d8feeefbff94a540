import { AgentStoreError } from "./AgentStoreError.js";

/** A request that left the queue and is to be worked on. */
export interface TakenRequest<T> {
  readonly request: T;
  /** Settles the asker's promise; without effect when its signal has fired already. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Waiting<T> extends TakenRequest<T> {
  leave(): void;
}

/**
 * Requests that wait for their turn, bounded. An asker whose signal fires gets the signal's reason at once; if its
 * request still waits, it is not carried out.
 */
export class RequestQueue<T> {
  readonly #limit: number;
  readonly #waiting = new Set<Waiting<T>>();

  /** @param limit Requests that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @throws (rejects with) AgentStoreError 2007 when too many wait; the signal's reason. */
  add(request: T, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#waiting.size >= this.#limit) {
      return Promise.reject(new AgentStoreError(2007, `${this.#limit} requests wait for the agent store already`));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => signal.removeEventListener("abort", abort);
      const entry: Waiting<T> = {
        request,
        leave,
        resolve: (value) => {
          leave();
          resolve(value);
        },
        reject: (error) => {
          leave();
          reject(error as Error);
        },
      };
      const abort = (): void => {
        this.#waiting.delete(entry);
        entry.reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(entry);
    });
  }

  /** The request that waits longest, or null. */
  next(): TakenRequest<T> | null {
    for (const entry of this.#waiting) {
      this.#waiting.delete(entry);
      return entry;
    }
    return null;
  }

  rejectAll(error: () => unknown): void {
    const entries = [...this.#waiting];
    this.#waiting.clear();
    for (const entry of entries) entry.reject(error());
  }
}
