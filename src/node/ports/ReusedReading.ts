import type { OnReadOpts, Socket } from "node:net";

/** Bytes that are read at a time. */
const READ_BYTES = 128 * 1024;

/**
 * Reads a socket through one buffer again and again. A socket's usual way makes a new one for each read, which costs a
 * node that receives large files more time in the garbage collector than all it does with their bytes.
 */
export class ReusedReading {
  /** For the options of `net.connect`. */
  readonly onread: OnReadOpts;
  /** What came before anybody listened: one read at most, because nothing more is read then. */
  readonly #early: Buffer[] = [];
  #hear: ((bytes: Uint8Array) => void) | undefined;

  constructor() {
    this.onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, buffer) => {
        const bytes = buffer.subarray(0, length);
        if (this.#hear === undefined) this.#early.push(Buffer.from(bytes));
        else this.#hear(bytes);
        return this.#hear !== undefined;
      },
    };
  }

  /** Calls `hear` with what has been read and will be. The bytes are valid during the call only. */
  listen(socket: Pick<Socket, "resume">, hear: (bytes: Uint8Array) => void): void {
    this.#hear = hear;
    const early = this.#early.splice(0);
    for (const bytes of early) hear(bytes);
    if (early.length > 0) socket.resume();
  }
}
