/** Bytes of the length in front of every text (dapi.md 6.1). */
export const WDB_HEADER_BYTES = 4;

/** wazuh-db's buffer: no answer and no request is longer, and an answer this long was cut off (dapi.md 6.1). */
export const WDB_MAX_TEXT_BYTES = 65_536;

/** What a paged answer may hold: the buffer less 512 bytes (dapi.md 6.1). */
export const WDB_MAX_PAGE_BYTES = WDB_MAX_TEXT_BYTES - 512;

/** One text with its length in front: 4 bytes, little-endian, then UTF-8 (dapi.md 6.1). */
export function encodeWdbFrame(text: string): Buffer {
  const length = Buffer.byteLength(text, "utf8");
  const frame = Buffer.allocUnsafe(WDB_HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame.write(text, WDB_HEADER_BYTES, "utf8");
  return frame;
}
