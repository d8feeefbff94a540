import { isUtf8 } from "node:buffer";
import type { ClusterItems } from "../config/ClusterItems.js";
import type { Limits } from "../config/Limits.js";
import type { Dialect, DifferenceGroup } from "../protocol/dialects/Dialect.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { PythonFloat, stringifyPython } from "../protocol/pythonJson.js";
import { FileIndex } from "./FileIndex.js";
import { FileIndexBuilder } from "./FileIndexBuilder.js";
import { isUntravellable } from "./items.js";
import { isRecord, MetadataFault, readMetadataEntry, type MetadataEntry } from "./metadataEntry.js";

export type { MergedMark, MetadataEntry } from "./metadataEntry.js";

/** The archive's member that describes the others; always the last one (protocol.md 10). */
export const METADATA_NAME = "files_metadata.json";

/** The only kind of merged file (protocol.md 6). */
export const MERGE_TYPE = "agent-groups";

/** What a master's `files_metadata.json` says, by group. A FileEntry is a MetadataEntry. */
export interface DifferenceMetadata {
  readonly missing: readonly MetadataEntry[];
  readonly shared: readonly MetadataEntry[];
  readonly extra: readonly MetadataEntry[];
  readonly extraValid: readonly MetadataEntry[];
}

/** Largest metadata in bytes: it becomes one string, and its values are held at once. */
const LARGEST_METADATA = 256 * 1024 * 1024;
/** Characters in one segment of `indexMetadataSegments`, about. */
const SEGMENT_LENGTH = 64 * 1024;
/** Shown of a bad path in an error. */
const SHOWN_PATH_LENGTH = 200;

const UNREADABLE_JSON = 3036;
const BAD_METADATA = 3000;

const GROUP_FIELD: Readonly<Record<DifferenceGroup, keyof DifferenceMetadata>> = {
  missing: "missing",
  shared: "shared",
  extra: "extra",
  extra_valid: "extraValid",
};

/** A worker's whole index as `files_metadata.json`: path → metadata, as Python writes it (protocol.md 8). */
export function indexToMetadata(index: FileIndex, dialect: Dialect): string {
  return [...indexMetadataSegments(index, dialect)].join("");
}

/**
 * The same in segments of about 64 Ki characters, all ASCII, for writers that need not hold the whole.
 * A name holding `.merged` is marked as merged, as the reference marks it in an index; no master
 * reads the mark.
 */
export function* indexMetadataSegments(index: FileIndex, dialect: Dialect): Generator<string, void, undefined> {
  let segment = "{";
  let separator = "";
  for (const entry of index.entries()) {
    const looksMerged = entry.path.slice(entry.path.lastIndexOf("/") + 1).includes(".merged");
    const mark = looksMerged ? { merged: { type: MERGE_TYPE, name: entry.path } } : {};
    segment += separator + entryToMetadata({ ...entry, ...mark }, dialect);
    separator = ", ";
    if (segment.length >= SEGMENT_LENGTH) {
      yield segment;
      segment = "";
    }
  }
  yield `${segment}}`;
}

/**
 * A worker's metadata as an index: strictly validated, sizes 0. Files that the items do not cover are
 * kept, for `compare` to pass over; names that muster does not let travel are left out, because an
 * honest peer may have such files and they are in nobody's way.
 *
 * @throws MusterError 3036 when it is no JSON in UTF-8, 3000 when it says something that no index says:
 *   the message names the path and what is wrong with it.
 */
export function metadataToIndex(metadata: string | Uint8Array, items: ClusterItems, dialect: Dialect, limits: Limits): FileIndex {
  const builder = new FileIndexBuilder(dialect.fileHash.bytes);
  const files = Object.entries(parseObject(metadata)).filter(([path]) => !isUntravellable(path));
  for (const { path, itemKey, modTime, hash } of readEntries(files, items, dialect, limits.archiveEntries)) {
    if (hash === undefined || modTime === undefined) throw badEntry(path, "has no mod_time or hash");
    builder.add({ path, itemKey, modTime, size: 0, hash });
  }
  return new FileIndex(builder.finish());
}

/**
 * The entries of a flat `files_metadata.json`, such as that of an extra-valid archive.
 * @throws MusterError as metadataToIndex.
 */
export function decodeMetadata(
  metadata: string | Uint8Array,
  items: ClusterItems,
  dialect: Dialect,
  limits: Limits,
): readonly MetadataEntry[] {
  return readEntries(Object.entries(parseObject(metadata)), items, dialect, limits.archiveEntries);
}

/** The master's `files_metadata.json`: all groups, in the dialect's order (observed.md, JSON). */
export function encodeDifferenceMetadata(difference: DifferenceMetadata, dialect: Dialect): string {
  const groups = dialect.differenceGroups.map((group) => {
    const entries = difference[GROUP_FIELD[group]].map((entry) =>
      entry.merged === undefined ? entryToMetadata(entry, dialect) : mergedToMetadata(entry, entry.merged.type),
    );
    return `${stringifyPython(group)}: {${entries.join(", ")}}`;
  });
  return `{${groups.join(", ")}}`;
}

/**
 * Reads a master's metadata. Exactly the dialect's groups must be there, and no path in two of them.
 * @throws MusterError as metadataToIndex.
 */
export function decodeDifferenceMetadata(
  metadata: string | Uint8Array,
  items: ClusterItems,
  dialect: Dialect,
  limits: Limits,
): DifferenceMetadata {
  const groups = new Map(Object.entries(parseObject(metadata)));
  const difference: Record<keyof DifferenceMetadata, readonly MetadataEntry[]> = { missing: [], shared: [], extra: [], extraValid: [] };
  let left = limits.archiveEntries;
  for (const group of dialect.differenceGroups) {
    const value = groups.get(group);
    if (!isRecord(value)) throw badMetadata(`it has no group ${JSON.stringify(group)}`);
    const entries = readEntries(Object.entries(value), items, dialect, left);
    difference[GROUP_FIELD[group]] = entries;
    left -= entries.length;
    groups.delete(group);
  }
  for (const unknown of groups.keys()) throw badMetadata(`it has an unknown group ${shown(unknown)}`);
  requireDistinctPaths(Object.values(difference).flat());
  return difference;
}

/** `"<path>": {…}` with mod_time, cluster_item_key, merged, [merge_type, merge_name,] hash, in this order. */
function entryToMetadata({ path, itemKey, modTime, merged, hash }: MetadataEntry, dialect: Dialect): string {
  const quotedPath = stringifyPython(path);
  let fields = modTime === undefined ? "" : `"mod_time": ${new PythonFloat(modTime).toString()}, `;
  fields += `"cluster_item_key": ${stringifyPython(itemKey)}, "merged": ${merged !== undefined}`;
  if (merged !== undefined) {
    const quotedName = merged.name === undefined ? quotedPath : stringifyPython(merged.name);
    fields += `, "merge_type": ${stringifyPython(merged.type)}, "merge_name": ${quotedName}`;
  }
  if (hash !== undefined) fields += `, "${dialect.fileHash.metadataKey}": "${hash}"`;
  return `${quotedPath}: {${fields}}`;
}

/** A master's merged file: with a hyphen in `merge-type`, unlike a worker's (observed.md, JSON). */
function mergedToMetadata({ path, itemKey }: MetadataEntry, type: string): string {
  return `${stringifyPython(path)}: ${stringifyPython({ cluster_item_key: itemKey, merged: true, "merge-type": type })}`;
}

function parseObject(metadata: string | Uint8Array): Record<string, unknown> {
  if (metadata.length > LARGEST_METADATA) throw badMetadata(`it has ${metadata.length} bytes, more than ${LARGEST_METADATA}`);
  if (typeof metadata !== "string" && !isUtf8(metadata)) throw MusterError.cluster(UNREADABLE_JSON, `${METADATA_NAME} is not UTF-8`);
  let value: unknown;
  try {
    value = JSON.parse(typeof metadata === "string" ? metadata : Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length).toString("utf8"));
  } catch (cause) {
    throw MusterError.cluster(UNREADABLE_JSON, `${METADATA_NAME} is not JSON`, { cause });
  }
  if (!isRecord(value)) throw badMetadata("it is no object");
  return value;
}

function readEntries(
  files: readonly (readonly [string, unknown])[],
  items: ClusterItems,
  dialect: Dialect,
  limit: number,
): readonly MetadataEntry[] {
  if (files.length > limit) throw badMetadata("it lists more files than the limit on archive entries allows");
  return files.map(([path, description]) => {
    try {
      return readMetadataEntry(path, description, items, dialect);
    } catch (error) {
      throw error instanceof MetadataFault ? badEntry(path, error.message) : error;
    }
  });
}

function requireDistinctPaths(entries: readonly MetadataEntry[]): void {
  const seen = new Set<string>();
  for (const { path } of entries) {
    if (seen.has(path)) throw badEntry(path, "is in two groups");
    seen.add(path);
  }
}

function badEntry(path: string, fault: string): MusterError {
  return badMetadata(`${shown(path)} ${fault}`);
}

function badMetadata(fault: string): MusterError {
  return MusterError.cluster(BAD_METADATA, `${METADATA_NAME} is refused: ${fault}`);
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_PATH_LENGTH ? `${text.slice(0, SHOWN_PATH_LENGTH)}…` : text);
}
