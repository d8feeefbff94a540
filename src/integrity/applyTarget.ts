import type { NodeScope } from "../../workers/jobs.js";
import type { FileItem } from "../config/ClusterItems.js";
import { classify } from "./items.js";
import { sharedMergedPath } from "./merged/mergedPaths.js";
import { MERGE_TYPE, type MetadataEntry } from "./metadata.js";

/** What becomes of one file of a master's archive. */
export type ApplyTarget =
  | { readonly kind: "file"; readonly itemKey: string; readonly item: FileItem }
  /** The merged group files: its parts become files. */
  | { readonly kind: "merged" };

/**
 * What this node does with a path that a master lists, by its own cluster.json: what the master says
 * of the path's item does not count. Undefined for paths that no item covers: they are left alone.
 *
 * Only the one path of protocol.md 6 is a merged file. Any other is a plain file, also one that the
 * master marks as merged because its name holds `.merged` (observed.md, bugs).
 */
export function applyTarget(scope: NodeScope, entry: MetadataEntry): ApplyTarget | undefined {
  if (entry.path === sharedMergedPath(scope.nodeName)) {
    return entry.merged?.type === MERGE_TYPE ? { kind: "merged" } : undefined;
  }
  const match = classify(scope.items, entry.path);
  return match === undefined ? undefined : { kind: "file", ...match };
}
