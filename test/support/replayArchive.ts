import { createHash } from "node:crypto";
import { splitParts } from "./peer/mergedParts.js";
import { readMembers, writeMembers } from "./peer/plainMembers.js";
import { readZip, writeZip } from "./peer/plainZip.js";

const MD5_DIGITS = 32;
const METADATA = "files_metadata.json";

/** An archive as two of them are compared: without times, and without an order. */
export interface ArchiveContent {
  /** Path → SHA-256 of the bytes, or the parts of a merged file. */
  readonly files: Readonly<Record<string, unknown>>;
  /** files_metadata.json; every time is `<time>`. */
  readonly metadata: unknown;
}

/** The members of an archive of either dialect. */
function readArchive(archive: Buffer): Map<string, Buffer> {
  return isZip(archive) ? readZip(archive) : readMembers(archive);
}

/** Takes an archive apart for a comparison. @throws Error when its metadata is not its last entry. */
export function archiveContent(archive: Buffer): ArchiveContent {
  const entries = readArchive(archive);
  const names = [...entries.keys()];
  if (names.at(-1) !== METADATA) throw new Error(`the last entry is ${names.at(-1)}, not ${METADATA}`);
  const files: Record<string, unknown> = {};
  for (const name of names.slice(0, -1).sort()) {
    const content = entries.get(name) ?? Buffer.alloc(0);
    files[name] = name.startsWith("queue/cluster/") ? partsOf(content) : sha256(content).toString("hex");
  }
  return { files, metadata: withoutTimes(JSON.parse(entries.get(METADATA)?.toString() ?? "null")) };
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/**
 * Contents that stand in for recorded ones that are not known: of some recorded files only the MD5 is. Both
 * sides of a replay then speak of the stand-ins, and every other byte stays as recorded.
 */
export class StandIns {
  /** Recorded hash → the stand-in's, both in hex. */
  readonly #hashes: ReadonlyMap<string, string>;

  /** @param contents recorded MD5 or BLAKE2b in hex → stand-in */
  constructor(contents: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#hashes = new Map(
      [...contents].map(([recorded, content]) => [recorded, createHash(recorded.length === MD5_DIGITS ? "md5" : "blake2b512").update(content).digest("hex")]),
    );
  }

  /** A recorded archive that speaks of the stand-ins; the same bytes when it knows none of them. */
  translate(archive: Buffer): Buffer {
    const entries = readArchive(archive);
    const recorded = entries.get(METADATA)?.toString() ?? "";
    let metadata = recorded;
    for (const [from, to] of this.#hashes) metadata = metadata.replaceAll(from, to);
    if (metadata === recorded) return archive;
    const translated = new Map([...entries, [METADATA, Buffer.from(metadata)]]);
    return isZip(archive) ? writeZip(translated) : writeMembers(translated);
  }
}

function isZip(archive: Buffer): boolean {
  return archive.toString("latin1", 0, 2) === "PK";
}

function partsOf(merged: Buffer): unknown {
  return splitParts(merged)
    .map(({ name, when, content }) => ({ name, when, content: content.toString("latin1") }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function withoutTimes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "mod_time" && typeof inner === "number" ? "<time>" : withoutTimes(inner),
    ]),
  );
}
