import { createReadStream } from "node:fs";

/**
 * A file's bytes, in pieces of at most `pieceBytes`. The file is opened only when the first are asked
 * for, so that a transfer which the peer refuses before leaves nothing open.
 */
export async function* readLazily(path: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
}
