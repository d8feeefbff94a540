import { comparePaths } from "./comparePaths.js";
import type { IndexEntry } from "./FileIndexBuilder.js";
import { ABSENT, IndexRows, NEEDS_HASH, WITHHELD } from "./IndexRows.js";

/** One file of an index. */
export interface FileEntry {
  /** Relative to the node's root, '/'-separated. */
  readonly path: string;
  readonly itemKey: string;
  /** Modification time in seconds since the epoch, with fractions, as Python's `st_mtime`. */
  readonly modTime: number;
  /** Bytes; 0 in an index read from metadata, which carries no sizes. */
  readonly size: number;
  /** Lowercase hexadecimal. */
  readonly hash: string;
}

/**
 * A packed table of files over one SharedArrayBuffer, sorted by the paths' UTF-8 bytes. Reading copies
 * nothing but the entries asked for. Once its hashes are in place the table is never changed again.
 *
 * Slots number all rows. Some rows are no files: *absent* ones (vanished before they were hashed) and
 * *withheld* ones (there, but unreadable, no regular file, or a folder that could not be listed: then
 * all below it is meant). `find` and `entries` pass over both; a comparison asks for `withheld`, so
 * that no peer deletes its copy of a file that this node merely cannot read (quality.md 3).
 */
export class FileIndex {
  readonly buffer: SharedArrayBuffer;
  /** Rows, absent and withheld ones included. */
  readonly slots: number;
  /** Bytes of one hash. */
  readonly hashBytes: number;
  private readonly rows: IndexRows;
  private readonly itemKeys: readonly string[];
  /** All paths as one text; see readPathsAtOnce. */
  private pathsText: string | undefined;

  /**
   * @param byteOffset where the table begins in the buffer; a multiple of eight.
   * @throws TypeError when the buffer holds no index.
   */
  constructor(buffer: SharedArrayBuffer, byteOffset = 0) {
    this.buffer = buffer;
    this.rows = IndexRows.open(buffer, byteOffset);
    this.slots = this.rows.slots;
    this.hashBytes = this.rows.hashBytes;
    this.itemKeys = JSON.parse(this.rows.itemKeys.toString("utf8")) as string[];
  }

  /** Files: rows that are neither absent nor withheld. Counted anew at each call. */
  get size(): number {
    let files = 0;
    for (let slot = 0; slot < this.slots; slot++) if (this.isFile(slot)) files++;
    return files;
  }

  /** The row as an entry, whatever its flags. Throws RangeError outside [0, slots). */
  at(slot: number): FileEntry {
    if (!(slot >= 0 && slot < this.slots)) throw new RangeError(`slot ${slot} of an index with ${this.slots} rows`);
    return {
      path: this.path(slot),
      itemKey: this.itemKey(slot),
      modTime: this.modTime(slot),
      size: this.fileSize(slot),
      hash: this.hash(slot),
    };
  }

  /** The row as it would be built anew, hash not copied; for rows that are not absent. */
  row(slot: number): IndexEntry {
    const withheld = this.isWithheld(slot);
    return {
      path: this.path(slot),
      itemKey: this.itemKey(slot),
      modTime: this.modTime(slot),
      size: this.fileSize(slot),
      changeTime: this.changeTime(slot),
      withheld,
      hash: this.hashView(slot),
    };
  }

  /** The file of this path; undefined too when its row is absent or withheld. */
  find(path: string): FileEntry | undefined {
    const slot = this.slotOf(path);
    return slot !== undefined && this.isFile(slot) ? this.at(slot) : undefined;
  }

  /** Decodes all paths in one go, where bytes and characters agree: worth it for who reads most of them. */
  readPathsAtOnce(): this {
    if (this.rows.asciiOnly) this.pathsText ??= this.rows.paths.toString("latin1");
    return this;
  }

  /** All files, in the order of their paths. */
  *entries(): IterableIterator<FileEntry> {
    this.readPathsAtOnce();
    for (let slot = 0; slot < this.slots; slot++) if (this.isFile(slot)) yield this.at(slot);
  }

  /** The slot of a path, whatever its flags. */
  slotOf(path: string): number | undefined {
    let low = 0;
    let high = this.slots - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = comparePaths(path, this.path(middle));
      if (order === 0) return middle;
      if (order < 0) high = middle - 1;
      else low = middle + 1;
    }
    return undefined;
  }

  /** Paths of the withheld rows, without a trailing slash even where they are folders. */
  *withheld(): IterableIterator<string> {
    for (let slot = 0; slot < this.slots; slot++) if (this.isWithheld(slot)) yield this.path(slot);
  }

  /** Whether the row is a file: neither absent nor withheld. */
  isFile(slot: number): boolean {
    return !this.has(slot, ABSENT | WITHHELD);
  }

  isWithheld(slot: number): boolean {
    return this.has(slot, WITHHELD);
  }

  needsHash(slot: number): boolean {
    return this.has(slot, NEEDS_HASH);
  }

  path(slot: number): string {
    const { paths, asciiOnly } = this.rows;
    const from = this.rows.pathStart(slot);
    const to = this.rows.pathEnd(slot);
    return this.pathsText?.slice(from, to) ?? paths.toString(asciiOnly ? "latin1" : "utf8", from, to);
  }

  itemKey(slot: number): string {
    return this.itemKeys[this.rows.items[slot] ?? 0] ?? "";
  }

  modTime(slot: number): number {
    return this.rows.modTimes[slot] ?? 0;
  }

  /** `ctimeMs` of the file when it was hashed; 0 when the next walk must not trust the row. */
  changeTime(slot: number): number {
    return this.rows.changeTimes[slot] ?? 0;
  }

  fileSize(slot: number): number {
    return this.rows.sizes[slot] ?? 0;
  }

  hash(slot: number): string {
    return this.rows.hashes.toString("hex", slot * this.hashBytes, (slot + 1) * this.hashBytes);
  }

  /** The hash's bytes, not copied: a view on the index. */
  hashView(slot: number): Uint8Array {
    return this.rows.hashes.subarray(slot * this.hashBytes, (slot + 1) * this.hashBytes);
  }

  /** Whether the slot's hash equals that of another index's slot. */
  sameHash(slot: number, other: FileIndex, otherSlot: number): boolean {
    const from = slot * this.hashBytes;
    const otherFrom = otherSlot * other.hashBytes;
    return this.rows.hashes.compare(other.rows.hashes, otherFrom, otherFrom + other.hashBytes, from, from + this.hashBytes) === 0;
  }

  /** The order of the slot's path against that of another index's slot: negative, zero or positive. */
  comparePath(slot: number, other: FileIndex, otherSlot: number): number {
    const theirs = other.rows;
    return this.rows.paths.compare(
      theirs.paths,
      theirs.pathStart(otherSlot),
      theirs.pathEnd(otherSlot),
      this.rows.pathStart(slot),
      this.rows.pathEnd(slot),
    );
  }

  private has(slot: number, flags: number): boolean {
    return ((this.rows.flags[slot] ?? 0) & flags) !== 0;
  }
}
