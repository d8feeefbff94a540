import { comparePaths } from "./comparePaths.js";
import { IndexRows, NEEDS_HASH, WITHHELD } from "./IndexRows.js";

/** What a row is made of. A file without a hash is one that still needs hashing. */
export interface IndexEntry {
  readonly path: string;
  readonly itemKey: string;
  /** Seconds since the epoch. */
  readonly modTime: number;
  readonly size: number;
  /** Hexadecimal or bytes, of the builder's length. */
  readonly hash?: string | Uint8Array;
  /** `ctimeMs`; default 0: the next walk looks at the file anew. */
  readonly changeTime?: number;
  /** There, but not to be read; see FileIndex. */
  readonly withheld?: boolean;
}

const NOT_ASCII = /[^\0-\x7f]/;
const MOST_ITEMS = 0x1_00_00;

/** Collects entries in any order and packs them, sorted, into a FileIndex's buffer. */
export class FileIndexBuilder {
  private readonly entries: IndexEntry[] = [];
  private readonly itemNumbers = new Map<string, number>();
  private sorted = true;

  /** @param hashBytes bytes of one hash (`dialect.fileHash.bytes`). */
  constructor(private readonly hashBytes: number) {}

  get size(): number {
    return this.entries.length;
  }

  /** @throws RangeError when the hash has another length than the index's. */
  add(entry: IndexEntry): void {
    const { hash } = entry;
    if (hash !== undefined && hash.length !== (typeof hash === "string" ? 2 : 1) * this.hashBytes) {
      throw new RangeError(`${JSON.stringify(entry.path)} has a hash of ${hash.length} instead of ${this.hashBytes} bytes`);
    }
    const last = this.entries[this.entries.length - 1];
    if (last !== undefined && comparePaths(last.path, entry.path) >= 0) this.sorted = false;
    this.entries.push(entry);
    if (!this.itemNumbers.has(entry.itemKey)) this.itemNumbers.set(entry.itemKey, this.itemNumbers.size);
  }

  /**
   * The packed index.
   * @throws RangeError when a path came twice or there are more item keys than an index can number.
   */
  finish(): SharedArrayBuffer {
    const entries = this.sorted ? this.entries : this.sortedEntries();
    if (this.itemNumbers.size > MOST_ITEMS) throw new RangeError(`${this.itemNumbers.size} item keys in one index`);
    const itemKeys = Buffer.from(JSON.stringify([...this.itemNumbers.keys()]));
    let pathsBytes = 0;
    let asciiOnly = true;
    for (const { path } of entries) {
      if (NOT_ASCII.test(path)) asciiOnly = false;
      pathsBytes += Buffer.byteLength(path);
    }
    const dimensions = { slots: entries.length, hashBytes: this.hashBytes, itemKeysBytes: itemKeys.length, pathsBytes };
    const buffer = new SharedArrayBuffer(IndexRows.bytesOf(dimensions));
    const rows = IndexRows.create(buffer, 0, dimensions);
    rows.asciiOnly = asciiOnly;
    rows.itemKeys.set(itemKeys);
    let end = 0;
    entries.forEach((entry, slot) => {
      end += rows.paths.write(entry.path, end, asciiOnly ? "latin1" : "utf8");
      rows.pathEnds[slot] = end;
      this.writeRow(rows, slot, entry);
    });
    return buffer;
  }

  private writeRow(rows: IndexRows, slot: number, entry: IndexEntry): void {
    rows.modTimes[slot] = entry.modTime;
    rows.changeTimes[slot] = entry.changeTime ?? 0;
    rows.sizes[slot] = entry.size;
    rows.items[slot] = this.itemNumbers.get(entry.itemKey) ?? 0;
    if (entry.withheld === true) rows.flags[slot] = WITHHELD;
    else if (entry.hash === undefined) rows.flags[slot] = NEEDS_HASH;
    else if (typeof entry.hash === "string") rows.hashes.write(entry.hash, slot * this.hashBytes, "hex");
    else rows.hashes.set(entry.hash, slot * this.hashBytes);
  }

  private sortedEntries(): readonly IndexEntry[] {
    const sorted = [...this.entries].sort((left, right) => comparePaths(left.path, right.path));
    sorted.forEach(({ path }, position) => {
      if (path === sorted[position + 1]?.path) throw new RangeError(`${JSON.stringify(path)} is twice in one index`);
    });
    return sorted;
  }
}
