/** A place in a file, as editors count: both from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets into a text (in UTF-16 units) into lines and columns. */
export class TextPositions {
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
    this.#lineStarts = starts;
  }

  /** The line and column of `offset`; an offset beyond the text is counted on its last line. */
  at(offset: number): SourcePosition {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }
}
