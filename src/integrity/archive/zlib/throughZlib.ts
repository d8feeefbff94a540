import type { Deflate, Inflate } from "node:zlib";

/**
 * Sends pieces through a zlib stream, one at a time, and hands what comes out to `take` as it comes. A piece may be
 * used for the next one as soon as that is asked for. An inflating stream that has come to its end takes no more.
 *
 * @throws whatever the stream, the pieces or `take` throw; the stream is closed in every case.
 */
export async function throughZlib(stream: Deflate | Inflate, pieces: Iterable<Buffer>, take: (bytes: Buffer) => void): Promise<void> {
  let isOver = false;
  const over = new Promise<void>((resolve, reject) => {
    stream.on("data", (bytes: Buffer) => {
      if (isOver) return;
      try {
        take(bytes);
      } catch (error) {
        isOver = true;
        reject(error instanceof Error ? error : new Error(String(error)));
        stream.destroy();
      }
    });
    stream.once("end", () => {
      isOver = true;
      resolve();
    });
    stream.once("error", (error) => {
      isOver = true;
      reject(error);
    });
  });
  over.catch(() => undefined);
  try {
    for (const piece of pieces) {
      // zlib does not call back for a piece behind the stream's end.
      await Promise.race([over, new Promise<void>((resolve) => stream.write(piece, () => resolve()))]);
      if (isOver) break;
    }
    if (!isOver) stream.end();
    await over;
  } finally {
    stream.destroy();
  }
}
