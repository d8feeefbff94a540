/** One entry of a tar file. */
export interface TarEntry {
  /** Relative; folders without their trailing slash. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modTime: number;
  readonly content: Buffer;
}

const BLOCK_BYTES = 512;

/** Reads a ustar, GNU or pax tar file of plain files and folders; other kinds of entries are an error. */
export function readTar(bytes: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) break;
    const size = octal(header, 124, 12);
    const content = bytes.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "L") {
      longName = text(content, 0, content.length);
    } else if (type === "x") {
      longName = paxPath(content) ?? longName;
    } else {
      const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? text(header, 345, 155) : "";
      const name = longName ?? (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
      entries.push({ ...common(header), path: name.replace(/^\.\//, "").replace(/\/$/, ""), kind: kindOf(type, name), content });
      longName = undefined;
    }
  }
  return entries;
}

function common(header: Buffer): Pick<TarEntry, "mode" | "modTime"> {
  return { mode: octal(header, 100, 8) & 0o7777, modTime: octal(header, 136, 12) };
}

function kindOf(type: string, name: string): TarEntry["kind"] {
  if (type === "5") return "folder";
  if (type === "0" || type === "\0") return "file";
  throw new Error(`tar entry ${name} is of type ${JSON.stringify(type)}`);
}

function octal(header: Buffer, from: number, length: number): number {
  return Number.parseInt(text(header, from, length).trim() || "0", 8);
}

function text(bytes: Buffer, from: number, length: number): string {
  const field = bytes.toString("utf8", from, from + length);
  const end = field.indexOf("\0");
  return end === -1 ? field : field.slice(0, end);
}

/** Records of the form `<length> <key>=<value>\n`. */
function paxPath(content: Buffer): string | undefined {
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString("latin1", at, at + 20), 10);
    const record = content.toString("utf8", at, at + length);
    const [, value] = /^\d+ path=(.*)\n$/s.exec(record) ?? [];
    if (value !== undefined) return value;
    at += length;
  }
  return undefined;
}
