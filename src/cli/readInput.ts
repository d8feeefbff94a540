/**
 * All that comes on a stream, as text.
 *
 * @throws Error when that is more than `mostBytes`
 */
export async function readInput(stream: AsyncIterable<unknown>, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`standard input has more than ${mostBytes} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("utf8");
}
