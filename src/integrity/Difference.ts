import type { DifferenceCounts } from "../../workers/jobs.js";
import { FileIndex, type FileEntry } from "./FileIndex.js";
import { FileIndexBuilder } from "./FileIndexBuilder.js";
import { IndexRows } from "./IndexRows.js";

/** How a worker's files differ from the master's (protocol.md 6). All lists are sorted by path. */
export interface Difference {
  /** Only the master has them: the master's entries. */
  readonly missing: readonly FileEntry[];
  /** Both have them, with other contents: the master's entries. */
  readonly shared: readonly FileEntry[];
  /** As `shared`, but group files: they travel together as one merged file. */
  readonly sharedMerged: readonly FileEntry[];
  /** Only the worker has them, and is to delete them: the worker's entries. */
  readonly extra: readonly FileEntry[];
  /** Only the worker has them, and is to send them: the worker's entries. */
  readonly extraValid: readonly FileEntry[];
}

const GROUPS = ["missing", "shared", "sharedMerged", "extra", "extraValid"] as const;

/** The counts that are shown and logged: all of `sharedMerged` is one file on its way, so it counts once. */
export function countsOf(difference: Difference): DifferenceCounts {
  return {
    missing: difference.missing.length,
    shared: difference.shared.length + (difference.sharedMerged.length > 0 ? 1 : 0),
    extra: difference.extra.length,
    extraValid: difference.extraValid.length,
  };
}

/** Whether the nodes' files are in step: nothing in any group. */
export function isEmptyDifference(difference: Difference): boolean {
  return GROUPS.every((group) => difference[group].length === 0);
}

/** Packs a difference: five packed indexes, one behind the other, each at a multiple of eight bytes. */
export function encodeDifference(difference: Difference, hashBytes: number): SharedArrayBuffer {
  const tables = GROUPS.map((group) => pack(difference[group], hashBytes));
  const packed = new SharedArrayBuffer(tables.reduce((sum, table) => sum + aligned(table.byteLength), 0));
  let offset = 0;
  for (const table of tables) {
    new Uint8Array(packed, offset).set(new Uint8Array(table));
    offset += aligned(table.byteLength);
  }
  return packed;
}

/** @throws TypeError when the buffer holds no difference. */
export function decodeDifference(buffer: SharedArrayBuffer): Difference {
  let offset = 0;
  const next = (): FileEntry[] => {
    const entries = [...new FileIndex(buffer, offset).entries()];
    offset += aligned(IndexRows.open(buffer, offset).byteLength);
    return entries;
  };
  return { missing: next(), shared: next(), sharedMerged: next(), extra: next(), extraValid: next() };
}

function pack(entries: readonly FileEntry[], hashBytes: number): SharedArrayBuffer {
  const builder = new FileIndexBuilder(hashBytes);
  for (const entry of entries) builder.add(entry);
  return builder.finish();
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
