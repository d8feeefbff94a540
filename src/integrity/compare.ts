import { createHash } from "node:crypto";
import type { CompareJob, CompareResult, FileVersion } from "../../workers/jobs.js";
import type { ClusterItems } from "../config/ClusterItems.js";
import { countsOf, encodeDifference, type Difference } from "./Difference.js";
import { FileIndex, type FileEntry } from "./FileIndex.js";
import { agentOfGroupFile, classify } from "./items.js";

/** The job `compare` of workers/jobs.ts. */
export function compare(job: CompareJob): CompareResult {
  const { items, dialect } = job.scope;
  const difference = compareIndexes(new FileIndex(job.own), new FileIndex(job.peer), items, job.settled);
  const extraValid = difference.extraValid.map(({ path, hash }) => ({ path, hash }));
  const encoded = encodeDifference(difference, dialect.fileHash.bytes);
  return { counts: countsOf(difference), extraValid, difference: encoded, content: contentOf(difference, encoded) };
}

/** Merged group files travel under the worker's own name. */
function contentOf(difference: Difference, encoded: SharedArrayBuffer): string | null {
  if (difference.sharedMerged.length > 0) return null;
  return createHash("sha256").update(new Uint8Array(encoded)).digest("hex");
}

/**
 * Compares the master's index with a worker's, in one pass over both (protocol.md 6). Only hashes
 * decide; modification times are never compared between nodes (observed.md, JSON).
 *
 * This node's own cluster.json decides alone: what it does not cover, or excludes, is in no group, so
 * that no worker deletes it. Neither is a path that this node withholds: it may be there. Group files
 * travel merged and are asked for only under an agent's id; another file of an item with `extraValid`
 * differs as a plain file, and is left alone when only the worker has it.
 *
 * @param settled group files that must not be asked for again as long as they have this hash.
 */
export function compareIndexes(
  own: FileIndex,
  peer: FileIndex,
  items: ClusterItems,
  settled: readonly FileVersion[] = [],
): Difference {
  const settledHashes = new Map(settled.map(({ path, hash }) => [path, hash]));
  const withheld = new Set(own.withheld());
  const missing: FileEntry[] = [];
  const shared: FileEntry[] = [];
  const sharedMerged: FileEntry[] = [];
  const extra: FileEntry[] = [];
  const extraValid: FileEntry[] = [];

  const onlyOwn = (slot: number): void => {
    if (own.isFile(slot)) missing.push(own.at(slot));
  };
  const onlyPeer = (slot: number): void => {
    const path = peer.path(slot);
    const match = classify(items, path);
    if (match === undefined || isWithheld(path, withheld)) return;
    if (!match.item.extraValid) extra.push(peer.at(slot));
    else if (agentOfGroupFile(path) !== undefined) {
      const entry = peer.at(slot);
      if (settledHashes.get(path) !== entry.hash) extraValid.push(entry);
    }
  };
  const both = (slot: number, peerSlot: number): void => {
    if (!own.isFile(slot)) return onlyPeer(peerSlot);
    if (own.sameHash(slot, peer, peerSlot)) return;
    const entry = own.at(slot);
    const travelsMerged = items.files[entry.itemKey]?.extraValid === true && agentOfGroupFile(entry.path) !== undefined;
    (travelsMerged ? sharedMerged : shared).push(entry);
  };

  let slot = 0;
  let peerSlot = 0;
  while (slot < own.slots || peerSlot < peer.slots) {
    if (peerSlot < peer.slots && !peer.isFile(peerSlot)) {
      peerSlot++;
      continue;
    }
    const order = slot >= own.slots ? 1 : peerSlot >= peer.slots ? -1 : own.comparePath(slot, peer, peerSlot);
    if (order < 0) onlyOwn(slot);
    else if (order > 0) onlyPeer(peerSlot);
    else both(slot, peerSlot);
    if (order <= 0) slot++;
    if (order >= 0) peerSlot++;
  }
  return { missing, shared, sharedMerged, extra, extraValid };
}

/** Whether the path, or a folder that holds it, is among the withheld ones. */
function isWithheld(path: string, withheld: ReadonlySet<string>): boolean {
  if (withheld.size === 0) return false;
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (withheld.has(path.slice(0, end))) return true;
  }
  return withheld.has(path);
}
