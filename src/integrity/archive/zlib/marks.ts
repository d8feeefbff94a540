/** Between a member's path and its content. */
export const MEMBER_MARK = Buffer.from("|//@@//|", "latin1");
/** Between two members. */
export const MEMBER_END = Buffer.from("|@@//@@|", "latin1");

/**
 * Looks for `MEMBER_END` in bytes that come piece by piece. Nothing escapes it, so that wherever a reader meets it
 * a member ends.
 */
export class MarkSearch {
  /** Positions at which it was found, from the first piece's first byte. */
  readonly found: number[] = [];
  private tail = Buffer.alloc(0);
  private position = 0;

  push(bytes: Buffer): void {
    // The seam: what of a mark may lie on both sides of it.
    const seam = Buffer.concat([this.tail, bytes.subarray(0, MEMBER_END.length - 1)]);
    this.search(seam, this.position - this.tail.length);
    this.search(bytes, this.position);
    this.position += bytes.length;
    const kept = bytes.length >= MEMBER_END.length - 1 ? bytes : seam;
    this.tail = Buffer.from(kept.subarray(Math.max(0, kept.length - MEMBER_END.length + 1)));
  }

  private search(bytes: Buffer, base: number): void {
    for (let at = bytes.indexOf(MEMBER_END); at !== -1; at = bytes.indexOf(MEMBER_END, at + MEMBER_END.length)) {
      const last = this.found.at(-1);
      if (last !== undefined && base + at < last + MEMBER_END.length) continue;
      this.found.push(base + at);
    }
  }
}

/** Whether a reader finds the path again: it, and its seam with the mark, hold neither of the marks. */
export function isMarkable(path: string): boolean {
  const bytes = Buffer.concat([Buffer.from(path), MEMBER_MARK]);
  return bytes.indexOf(MEMBER_MARK) === bytes.length - MEMBER_MARK.length && !bytes.includes(MEMBER_END);
}
