/** One group file inside a merged file (protocol.md 9). */
export interface MergedPart {
  readonly name: string;
  readonly content: Buffer;
  /** UTC, `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  readonly when: string;
}

export function mergeParts(parts: readonly { name: string; content: string | Uint8Array; when: string }[]): Buffer {
  return Buffer.concat(
    parts.flatMap(({ name, content, when }) => {
      const bytes = Buffer.from(content);
      return [Buffer.from(`${bytes.length} ${name} ${when}\n`), bytes];
    }),
  );
}

export function splitParts(merged: Buffer): MergedPart[] {
  const parts: MergedPart[] = [];
  for (let at = 0; at < merged.length;) {
    const line = merged.indexOf("\n", at);
    const [, size = "", name = "", when = ""] = /^(\d+) (\S+) (.*)$/.exec(merged.toString("utf8", at, line)) ?? [];
    at = line + 1 + Number(size);
    parts.push({ name, when, content: merged.subarray(line + 1, at) });
  }
  return parts;
}
