import { MusterError } from "../../protocol/errors/MusterError.js";

interface Pending {
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
  /** The node that was asked; null: the master. */
  readonly nodeName: string | null;
}

/** Requests that were sent to other nodes and whose answers have not come (dapi.md 1.7). */
export class PendingAnswers {
  readonly #pending = new Map<string, Pending>();

  /** Waits for the answer to the request `id`; the signal ends the wait. */
  wait(id: string, nodeName: string | null, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#pending.delete(id);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      this.#pending.set(id, {
        nodeName,
        resolve: (text) => {
          leave();
          resolve(text);
        },
        reject: (error) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** An answer has come; false when nobody waits for it, or another node was asked. */
  settle(id: string, nodeName: string | null, answer: { readonly text: string } | { readonly error: unknown }): boolean {
    const pending = this.#pending.get(id);
    if (pending?.nodeName !== nodeName) return false;
    if ("text" in answer) pending.resolve(answer.text);
    else pending.reject(answer.error);
    return true;
  }

  /** The node is gone: whatever was asked of it fails. */
  lose(nodeName: string | null): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.nodeName !== nodeName) continue;
      pending.reject(nodeName === null ? MusterError.cluster(3023) : MusterError.cluster(3022, nodeName));
    }
  }

  get size(): number {
    return this.#pending.size;
  }
}
