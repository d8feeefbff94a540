import type { ClusterItems } from "../config/ClusterItems.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import { isPlainPath, itemOfKey } from "./items.js";

/** A merged file's kind and name, as metadata gives them (protocol.md 6). */
export interface MergedMark {
  /** `agent-groups`, the only kind there is. */
  readonly type: string;
  /** Path that the merged file had at its sender; the master's own entries carry none. */
  readonly name?: string;
}

/** One file of `files_metadata.json`. Merged entries carry neither time nor hash. */
export interface MetadataEntry {
  readonly path: string;
  readonly itemKey: string;
  /** Seconds since the epoch. */
  readonly modTime?: number;
  /** Lowercase hexadecimal, of the dialect's length. */
  readonly hash?: string;
  readonly merged?: MergedMark;
}

/** The last second that Python's datetime knows: the end of the year 9999. Later times are no times. */
const LAST_SECOND = 253_402_300_799;
/** Longest kind of a merged file, in characters; the only one there is has twelve. */
const LONGEST_MERGE_TYPE = 64;

/** What is wrong with one entry, for a message that names the entry itself. */
export class MetadataFault extends Error {}

/**
 * Checks one entry. Times and hashes may be missing only where `merged` is true. Fields that muster
 * does not know are passed over; those that it knows must have their type.
 *
 * @throws MetadataFault
 */
export function readMetadataEntry(path: string, value: unknown, items: ClusterItems, dialect: Dialect): MetadataEntry {
  if (!isPlainPath(path)) throw new MetadataFault("is not a path that may travel");
  if (!isRecord(value)) throw new MetadataFault("is not described by an object");
  const itemKey = value["cluster_item_key"];
  if (typeof itemKey !== "string") throw new MetadataFault("has no cluster_item_key");
  if (itemOfKey(items, itemKey) === undefined) {
    const shown = JSON.stringify(itemKey.slice(0, 200));
    throw new MetadataFault(`names the item ${shown}, which this node's cluster.json lacks: give all nodes the same cluster.json`);
  }
  const merged = readMergedMark(value);
  const modTime = readModTime(value["mod_time"], merged !== undefined);
  const hash = readHash(value[dialect.fileHash.metadataKey], dialect, merged !== undefined);
  return {
    path,
    itemKey,
    ...(modTime === undefined ? {} : { modTime }),
    ...(hash === undefined ? {} : { hash }),
    ...(merged === undefined ? {} : { merged }),
  };
}

/** A JSON object: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMergedMark(value: Record<string, unknown>): MergedMark | undefined {
  const merged = value["merged"];
  if (typeof merged !== "boolean") throw new MetadataFault("has no merged that is true or false");
  const type = value["merge_type"] ?? value["merge-type"];
  const name = value["merge_name"];
  if (name !== undefined && (typeof name !== "string" || !isPlainPath(name))) throw new MetadataFault("has a bad merge_name");
  if (type !== undefined && (typeof type !== "string" || !isMergeType(type))) throw new MetadataFault("has a bad merge_type");
  if (!merged) return undefined;
  if (type === undefined) throw new MetadataFault("is merged, but has no merge_type");
  return name === undefined ? { type } : { type, name };
}

/** A bare name: no separator, no leading dot (dialects.md 3.2). */
function isMergeType(type: string): boolean {
  return type.length <= LONGEST_MERGE_TYPE && /^[\w-]+$/.test(type);
}

function readModTime(modTime: unknown, optional: boolean): number | undefined {
  if (modTime === undefined && optional) return undefined;
  if (typeof modTime !== "number" || !(Math.abs(modTime) <= LAST_SECOND)) throw new MetadataFault("has no mod_time in seconds");
  return modTime;
}

function readHash(hash: unknown, dialect: Dialect, optional: boolean): string | undefined {
  if (hash === undefined && optional) return undefined;
  const { bytes, metadataKey } = dialect.fileHash;
  if (typeof hash !== "string" || hash.length !== 2 * bytes || !/^[0-9a-f]+$/.test(hash)) {
    throw new MetadataFault(`has no ${metadataKey} of ${2 * bytes} lowercase hexadecimal digits`);
  }
  return hash;
}
