import type { Clock } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

interface Pending {
  readonly peerId: string;
  readonly handedOn: boolean;
  readonly end: (outcome: { readonly text: string } | { readonly error: unknown }) => void;
}

export interface Expected {
  /** The connection over which the request goes, and from which alone the answer is taken. */
  readonly peerId: string;
  /** The node at its other end, for messages. */
  readonly nodeName: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** The request is a local client's own: the answer is only handed on (dapi.md 1.7). @default false */
  readonly handedOn?: boolean;
}

/**
 * Requests that were sent to other nodes and whose answers have not come (dapi.md 1.7). Each wait ends in bounded time,
 * and there are at most `perPeer` for one connection: a node that is frozen holds up no more than these.
 */
export class PendingAnswers {
  readonly #clock: Clock;
  readonly #perPeer: number;
  readonly #pending = new Map<string, Pending>();
  readonly #counts = new Map<string, number>();
  #late = 0;

  constructor(clock: Clock, perPeer: number) {
    this.#clock = clock;
    this.#perPeer = perPeer;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Answers that nobody waited for any more, or that the wrong node sent; dropped. */
  get late(): number {
    return this.#late;
  }

  /** Is this id free? */
  isFree(id: string): boolean {
    return !this.#pending.has(id);
  }

  /**
   * Waits for the answer to the request `id`.
   *
   * @throws MusterError 3009 when too many requests wait for this node, 3021 when no answer came in time; the signal's reason; the error that
   *   ends the wait
   */
  wait(id: string, { peerId, nodeName, timeout, signal, handedOn = false }: Expected): Promise<string> {
    const count = this.#counts.get(peerId) ?? 0;
    if (count >= this.#perPeer) {
      return Promise.reject(MusterError.cluster(3009, `${nodeName} has not answered ${String(count)} requests yet, and is asked no more until it does`));
    }
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    this.#counts.set(peerId, count + 1);
    return new Promise((resolve, reject) => {
      const end: Pending["end"] = (outcome) => {
        if (!this.#pending.delete(id)) return;
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        const left = (this.#counts.get(peerId) ?? 1) - 1;
        if (left > 0) this.#counts.set(peerId, left);
        else this.#counts.delete(peerId);
        if ("text" in outcome) resolve(outcome.text);
        else reject(outcome.error instanceof Error ? outcome.error : new Error(String(outcome.error)));
      };
      const onAbort = (): void => {
        if (signal !== undefined) end({ error: reasonOf(signal) });
      };
      const timer = this.#clock.setTimeout(() => {
        end({ error: MusterError.cluster(3021, `${nodeName} did not answer within ${String(timeout / 1000)} s`) });
      }, timeout);
      this.#pending.set(id, { peerId, handedOn, end });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** An answer has come from this connection; undefined when nobody waits for it there. */
  settle(id: string, peerId: string, outcome: { readonly text: string } | { readonly error: unknown }): Pick<Expected, "handedOn"> | undefined {
    const pending = this.#pending.get(id);
    if (pending?.peerId !== peerId) {
      this.#late += 1;
      return undefined;
    }
    pending.end(outcome);
    return { handedOn: pending.handedOn };
  }

  /** The request could not be sent. */
  fail(id: string, error: unknown): void {
    this.#pending.get(id)?.end({ error });
  }

  /** The connection is gone: whatever was asked over it fails. */
  lose(peerId: string, error: MusterError): void {
    for (const pending of [...this.#pending.values()]) if (pending.peerId === peerId) pending.end({ error });
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
