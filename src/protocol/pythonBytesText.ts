const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [BACKSLASH, "\\\\"],
]);

/**
 * Bytes as Python's `repr` writes them, quotes included: `b'name'`. The reference's error texts
 * show payloads in this form (protocol.md 2, observed.md).
 */
export function pythonBytesText(bytes: Uint8Array | string): string {
  const buffer = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  const quote = buffer.includes(0x27) && !buffer.includes(0x22) ? '"' : "'";
  let text = "";
  for (const byte of buffer) {
    const character = String.fromCharCode(byte);
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    if (character === quote) text += `\\${character}`;
    else text += ESCAPES.get(byte) ?? (isPrintable ? character : `\\x${byte.toString(16).padStart(2, "0")}`);
  }
  return `b${quote}${text}${quote}`;
}
