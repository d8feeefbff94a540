import { transferableSymbol, valueSymbol } from "piscina";
import type { CryptResult, PoolAnswer } from "./jobs.js";

/**
 * A good answer whose bytes leave the thread without being copied: Piscina's `move` reads the two
 * symbols. It is the answer itself too, for callers on the same thread.
 */
export class MovedAnswer {
  readonly ok = true;

  private constructor(readonly result: CryptResult) {}

  /** The answer in a form that can be moved, or as it is when there is nothing worth moving. */
  static of(answer: PoolAnswer): PoolAnswer | MovedAnswer {
    if (!answer.ok || !("bytes" in answer.result) || !(answer.result.bytes instanceof Uint8Array)) return answer;
    const { bytes } = answer.result;
    // Small buffers share Node's pool, which must not leave its thread: they are copied.
    return bytes.buffer.byteLength > Buffer.poolSize ? new MovedAnswer({ bytes }) : answer;
  }

  get [transferableSymbol](): ArrayBufferLike {
    return this.result.bytes.buffer;
  }

  get [valueSymbol](): PoolAnswer {
    return { ok: true, result: this.result };
  }
}
