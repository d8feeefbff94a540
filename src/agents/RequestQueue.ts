import { AgentStoreError } from "./AgentStoreError.js";

/** A request that left the queue and is to be worked on. */
export interface TakenRequest<T> {
  readonly request: T;
  /** Settles the asker's promise; without effect when its signal has fired already. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Waiting<T> extends TakenRequest<T> {
  isSettled: boolean;
}

/**
 * Requests that wait for their turn, bounded. An asker whose signal fires gets the signal's reason at once; if its
 * request still waits, it is not carried out.
 */
export class RequestQueue<T> {
  readonly #limit: number;
  readonly #waiting = new Set<Waiting<T>>();
  /** Those that were put back, before all others. */
  readonly #first: Waiting<T>[] = [];

  /** @param limit Requests that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size + this.#first.length;
  }

  /** @throws (rejects with) AgentStoreError 2007 when too many wait; the signal's reason. */
  add(request: T, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.size >= this.#limit) {
      return Promise.reject(new AgentStoreError(2007, `${this.#limit} requests wait for the agent store already`));
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        entry.isSettled = true;
        signal.removeEventListener("abort", abort);
      };
      const entry: Waiting<T> = {
        request,
        isSettled: false,
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error: unknown) => {
          settle();
          reject(error instanceof Error ? error : new Error("the caller left", { cause: error }));
        },
      };
      const abort = (): void => {
        this.#waiting.delete(entry);
        const index = this.#first.indexOf(entry);
        if (index >= 0) this.#first.splice(index, 1);
        entry.reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(entry);
    });
  }

  /** The request that waits longest, or null. */
  next(): TakenRequest<T> | null {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    for (const entry of this.#waiting) {
      this.#waiting.delete(entry);
      return entry;
    }
    return null;
  }

  /** Lets a taken request wait again, as the next one; one whose asker has left is dropped. */
  putBack(taken: TakenRequest<T>): void {
    const entry = taken as Waiting<T>;
    if (!entry.isSettled) this.#first.push(entry);
  }

  rejectAll(error: () => unknown): void {
    const entries = [...this.#first, ...this.#waiting];
    this.#first.length = 0;
    this.#waiting.clear();
    for (const entry of entries) entry.reject(error());
  }
}
