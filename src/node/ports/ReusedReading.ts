import type { OnReadOpts } from "node:net";

/** Bytes that are read at a time. */
const READ_BYTES = 128 * 1024;

/**
 * Reads a socket through one buffer again and again. A socket's usual way makes a new one for each read, which costs a
 * node that receives large files more time in the garbage collector than all it does with their bytes.
 */
export class ReusedReading {
  /** For the options of `net.connect`. */
  readonly onread: OnReadOpts;
  /** What came before anybody listened. */
  #early: Buffer[] = [];
  #hear: ((bytes: Uint8Array) => void) | undefined;

  constructor() {
    this.onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, buffer) => {
        const bytes = buffer.subarray(0, length);
        if (this.#hear === undefined) this.#early.push(Buffer.from(bytes));
        else this.#hear(bytes);
        return true;
      },
    };
  }

  /** Calls `hear` with what has been read and will be. The bytes are valid during the call only. */
  listen(hear: (bytes: Uint8Array) => void): void {
    this.#hear = hear;
    for (const bytes of this.#early.splice(0)) hear(bytes);
  }
}
