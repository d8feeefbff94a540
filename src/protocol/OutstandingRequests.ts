import type { Clock, RandomSource, TimerHandle } from "./Clock.js";

/** Counters of given-up requests that are remembered, so that a late answer is known as one. */
const REMEMBERED_COUNTERS = 1024;
const COUNTERS = 2 ** 32;

interface Outstanding {
  readonly command: string;
  readonly timer: TimerHandle;
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (reason: unknown) => void;
}

export interface OpenedRequest {
  readonly counter: number;
  readonly answer: Promise<Buffer>;
}

/**
 * The requests of one channel that wait for their answers, by counter (protocol.md 2): counters
 * start at a random value and grow by one, modulo 2^32, past those that are still in use.
 */
export class OutstandingRequests {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Outstanding>();
  readonly #givenUp = new Set<number>();
  #nextCounter: number;

  constructor(clock: Clock, random: Pick<RandomSource, "uint32">) {
    this.#clock = clock;
    this.#nextCounter = random.uint32();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Opens a request; `onTimeout` is called once when `timeoutSeconds` pass without an answer. */
  open(command: string, timeoutSeconds: number, onTimeout: (counter: number) => void): OpenedRequest {
    const counter = this.#takeCounter();
    const answer = new Promise<Buffer>((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => onTimeout(counter), timeoutSeconds * 1000);
      this.#waiting.set(counter, { command, timer, resolve, reject });
    });
    return { counter, answer };
  }

  has(counter: number): boolean {
    return this.#waiting.has(counter);
  }

  /** Ends a request with its result; false when no such request waits. */
  resolve(counter: number, payload: Buffer): boolean {
    const request = this.#take(counter);
    request?.resolve(payload);
    return request !== undefined;
  }

  /** Ends a request with the error that the peer answered; false when no such request waits. */
  reject(counter: number, reason: unknown): boolean {
    const request = this.#take(counter);
    request?.reject(reason);
    return request !== undefined;
  }

  /** Ends a request whose answer may still come: that answer will be known as late. */
  giveUp(counter: number, reason: unknown): boolean {
    if (!this.reject(counter, reason)) return false;
    if (this.#givenUp.size >= REMEMBERED_COUNTERS) {
      const [oldest] = this.#givenUp;
      if (oldest !== undefined) this.#givenUp.delete(oldest);
    }
    this.#givenUp.add(counter);
    return true;
  }

  /** True once for the counter of a request that was given up: its late answer is dropped. */
  takeLate(counter: number): boolean {
    return this.#givenUp.delete(counter);
  }

  /** Ends all requests, each with the error that `reasonFor` makes of its command. */
  rejectAll(reasonFor: (command: string) => unknown): void {
    for (const [counter, request] of [...this.#waiting]) this.reject(counter, reasonFor(request.command));
  }

  #take(counter: number): Outstanding | undefined {
    const request = this.#waiting.get(counter);
    if (request === undefined) return undefined;
    this.#waiting.delete(counter);
    this.#clock.clearTimeout(request.timer);
    return request;
  }

  #takeCounter(): number {
    let counter = this.#nextCounter;
    while (this.#waiting.has(counter)) counter = (counter + 1) % COUNTERS;
    this.#nextCounter = (counter + 1) % COUNTERS;
    this.#givenUp.delete(counter);
    return counter;
  }
}
