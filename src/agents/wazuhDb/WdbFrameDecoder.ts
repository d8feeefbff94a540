import { WDB_HEADER_BYTES } from "./encodeWdbFrame.js";

/** The peer announced a text that is longer than allowed; the stream is of no use any more. */
export class WdbFrameTooLarge extends Error {
  override readonly name = "WdbFrameTooLarge";
  constructor(
    readonly length: number,
    readonly limit: number,
  ) {
    super(`A text of ${length} bytes was announced; at most ${limit} are read.`);
  }
}

/**
 * Cuts a byte stream into texts (dapi.md 6.1), however the bytes arrive. Holds at most one unfinished text,
 * and allocates only for bytes that came, never for a length that was announced.
 */
export class WdbFrameDecoder {
  readonly #limit: number;
  readonly #header = Buffer.alloc(WDB_HEADER_BYTES);
  #headerFilled = 0;
  #parts: Buffer[] = [];
  #missing = 0;

  /** @param limit Largest text in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when the stream may end here: no text is unfinished. */
  get isBetweenTexts(): boolean {
    return this.#headerFilled === 0;
  }

  /**
   * Takes the next bytes and gives the texts that they complete.
   * @throws WdbFrameTooLarge; texts completed by the same bytes are lost, and the decoder must not be used again.
   */
  write(bytes: Uint8Array): string[] {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const texts: string[] = [];
    let offset = 0;
    while (offset < input.length) {
      if (this.#headerFilled < WDB_HEADER_BYTES) {
        offset = this.#readHeader(input, offset);
        if (this.#headerFilled < WDB_HEADER_BYTES) break;
      } else {
        const taken = input.subarray(offset, offset + this.#missing);
        // Copied: the caller may use its buffer again, and a small part must not keep a large buffer alive.
        this.#parts.push(Buffer.from(taken));
        this.#missing -= taken.length;
        offset += taken.length;
      }
      if (this.#missing === 0) texts.push(this.#finish());
    }
    return texts;
  }

  #readHeader(input: Buffer, offset: number): number {
    const taken = input.subarray(offset, offset + WDB_HEADER_BYTES - this.#headerFilled);
    taken.copy(this.#header, this.#headerFilled);
    this.#headerFilled += taken.length;
    if (this.#headerFilled === WDB_HEADER_BYTES) {
      const length = this.#header.readUInt32LE(0);
      if (length > this.#limit) throw new WdbFrameTooLarge(length, this.#limit);
      this.#missing = length;
    }
    return offset + taken.length;
  }

  #finish(): string {
    const text = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#headerFilled = 0;
    return text?.toString("utf8") ?? "";
  }
}
