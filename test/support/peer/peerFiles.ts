import { createHash } from "node:crypto";

/** The default items of protocol.md 8, as a test's peer needs them. */
const ITEM_KEYS = [
  "etc/",
  "etc/shared/",
  "var/multigroups/",
  "etc/rules/",
  "etc/decoders/",
  "etc/lists/",
  "queue/agent-groups/",
];
export const GROUPS_FOLDER = "queue/agent-groups/";

/** A test peer's tree: path relative to root → content. */
export type PeerFiles = Map<string, Buffer>;

/** One file as files_metadata.json tells of it (protocol.md 8). */
export interface PeerMetadata {
  readonly mod_time?: number;
  readonly cluster_item_key: string;
  readonly merged: boolean;
  readonly md5?: string;
  readonly "merge-type"?: string;
  readonly merge_type?: string;
  readonly merge_name?: string;
}
export type PeerIndex = Record<string, PeerMetadata>;

/** What a master finds between its files and a worker's (protocol.md 6). */
export interface PeerDifference {
  missing: PeerIndex;
  shared: PeerIndex;
  extra: PeerIndex;
  extra_valid: PeerIndex;
}

export function metadataOf(path: string, content: Uint8Array): PeerMetadata {
  const itemKey = ITEM_KEYS.filter((key) => path.startsWith(key)).sort((left, right) => right.length - left.length)[0];
  const md5 = createHash("md5").update(content).digest("hex");
  return { mod_time: 1_700_000_000.5, cluster_item_key: itemKey ?? "etc/", merged: false, md5 };
}

export function indexOf(files: PeerFiles): PeerIndex {
  return Object.fromEntries([...files].map(([path, content]) => [path, metadataOf(path, content)]));
}

/** The four groups, by a plain comparison. */
export function differenceOf(own: PeerIndex, worker: PeerIndex): PeerDifference {
  const difference: PeerDifference = { missing: {}, shared: {}, extra: {}, extra_valid: {} };
  for (const [path, metadata] of Object.entries(own)) {
    const theirs = worker[path];
    if (theirs === undefined) difference.missing[path] = metadata;
    else if (theirs.md5 !== metadata.md5) difference.shared[path] = metadata;
  }
  for (const [path, metadata] of Object.entries(worker)) {
    if (path in own) continue;
    difference[metadata.cluster_item_key === GROUPS_FOLDER ? "extra_valid" : "extra"][path] = metadata;
  }
  return difference;
}
