const MAGIC = 0x4d_49_44_58;
const LAYOUT_VERSION = 1;
const HEADER_WORDS = 8;
const HEADER_BYTES = HEADER_WORDS * Uint32Array.BYTES_PER_ELEMENT;

/** The row's hash has not been computed yet. */
export const NEEDS_HASH = 1;
/** The file vanished before it was hashed: the row counts as not being there. */
export const ABSENT = 2;
/** Something is there, but cannot be read or does not travel; see FileIndex. */
export const WITHHELD = 4;

/** What the size of a packed index depends on. */
export interface IndexDimensions {
  readonly slots: number;
  readonly hashBytes: number;
  /** Bytes of the item keys as a JSON list. */
  readonly itemKeysBytes: number;
  /** Bytes of all paths, one after another. */
  readonly pathsBytes: number;
}

/**
 * The columns of a packed index as views on its buffer. A row takes 31 bytes, its hash and its path.
 *
 *     header, 8 words: magic, layout version, slots, hash bytes, item key bytes, path bytes, ASCII only, 0
 *     f64 × slots: modification times (s)     u32 × slots: ends of the paths    u8 × slots: flags
 *     f64 × slots: change times (ms)          u16 × slots: item numbers         hashes, item keys, paths
 *     f64 × slots: sizes
 */
export class IndexRows {
  readonly slots: number;
  readonly hashBytes: number;
  readonly header: Uint32Array;
  readonly modTimes: Float64Array;
  readonly changeTimes: Float64Array;
  readonly sizes: Float64Array;
  readonly pathEnds: Uint32Array;
  readonly items: Uint16Array;
  readonly flags: Uint8Array;
  readonly hashes: Buffer;
  readonly itemKeys: Buffer;
  readonly paths: Buffer;
  /** Bytes of the whole table. */
  readonly byteLength: number;

  private constructor(buffer: SharedArrayBuffer, byteOffset: number, dimensions: IndexDimensions) {
    const { slots, hashBytes, itemKeysBytes, pathsBytes } = dimensions;
    let offset = byteOffset;
    const take = (bytes: number): number => {
      offset += bytes;
      return offset - bytes;
    };
    this.slots = slots;
    this.hashBytes = hashBytes;
    this.header = new Uint32Array(buffer, take(HEADER_BYTES), HEADER_WORDS);
    this.modTimes = new Float64Array(buffer, take(8 * slots), slots);
    this.changeTimes = new Float64Array(buffer, take(8 * slots), slots);
    this.sizes = new Float64Array(buffer, take(8 * slots), slots);
    this.pathEnds = new Uint32Array(buffer, take(4 * slots), slots);
    this.items = new Uint16Array(buffer, take(2 * slots), slots);
    this.flags = new Uint8Array(buffer, take(slots), slots);
    this.hashes = Buffer.from(buffer, take(hashBytes * slots), hashBytes * slots);
    this.itemKeys = Buffer.from(buffer, take(itemKeysBytes), itemKeysBytes);
    this.paths = Buffer.from(buffer, take(pathsBytes), pathsBytes);
    this.byteLength = offset - byteOffset;
  }

  /** Bytes that a table of these dimensions takes. */
  static bytesOf({ slots, hashBytes, itemKeysBytes, pathsBytes }: IndexDimensions): number {
    return HEADER_BYTES + slots * (3 * 8 + 4 + 2 + 1 + hashBytes) + itemKeysBytes + pathsBytes;
  }

  /** An empty table in `buffer`, which must have `bytesOf(dimensions)` bytes from `byteOffset` (a multiple of eight) on. */
  static create(buffer: SharedArrayBuffer, byteOffset: number, dimensions: IndexDimensions): IndexRows {
    const rows = new IndexRows(buffer, byteOffset, dimensions);
    const { slots, hashBytes, itemKeysBytes, pathsBytes } = dimensions;
    rows.header.set([MAGIC, LAYOUT_VERSION, slots, hashBytes, itemKeysBytes, pathsBytes, 0, 0]);
    return rows;
  }

  /**
   * The table that `buffer` holds at `byteOffset`.
   * @throws TypeError when there is none, or one of another layout version.
   */
  static open(buffer: SharedArrayBuffer, byteOffset: number): IndexRows {
    if (byteOffset % 8 !== 0 || buffer.byteLength - byteOffset < HEADER_BYTES) throw new TypeError("not a packed file index");
    const [magic, version, slots = 0, hashBytes = 0, itemKeysBytes = 0, pathsBytes = 0] = new Uint32Array(buffer, byteOffset, HEADER_WORDS);
    const dimensions = { slots, hashBytes, itemKeysBytes, pathsBytes };
    if (magic !== MAGIC || version !== LAYOUT_VERSION || IndexRows.bytesOf(dimensions) > buffer.byteLength - byteOffset) {
      throw new TypeError("not a packed file index");
    }
    return new IndexRows(buffer, byteOffset, dimensions);
  }

  /** Whether all paths are ASCII, which makes reading them cheaper. */
  get asciiOnly(): boolean {
    return this.header[6] === 1;
  }
  set asciiOnly(value: boolean) {
    this.header[6] = value ? 1 : 0;
  }

  pathStart(slot: number): number {
    return slot === 0 ? 0 : (this.pathEnds[slot - 1] ?? 0);
  }

  pathEnd(slot: number): number {
    return this.pathEnds[slot] ?? 0;
  }
}
