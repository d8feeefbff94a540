import type { NodeScope, WalkJob, WalkResult } from "../../workers/jobs.js";
import { cutBatches } from "./cutBatches.js";
import type { Disk } from "./Disk.js";
import { FileIndex } from "./FileIndex.js";
import { FileIndexBuilder } from "./FileIndexBuilder.js";
import { Problems } from "./Problems.js";
import { TreeWalker } from "./TreeWalker.js";

/**
 * The job `walk` of workers/jobs.ts: lists the files of every item of cluster.json (protocol.md 8)
 * into a draft. A file whose modification time, size and change time are those of the previous index
 * keeps its hash; no content is read. When nothing differs the result's draft *is* the previous index.
 *
 * A directory that is not there holds no files. Links are never followed; links, special files,
 * names that may not travel and what cannot be read are withheld from the index and reported.
 */
export function walk(disk: Disk, job: WalkJob): WalkResult {
  const previous = job.previous === undefined ? undefined : new FileIndex(job.previous).readPathsAtOnce();
  const problems = new Problems();
  const walker = new TreeWalker(disk, job.scope, previous, problems);
  walker.walkItems();
  if (previous !== undefined && job.previous !== undefined && walker.foundNothingNew()) {
    return { draft: job.previous, files: previous.size, batches: [], toHash: 0, changed: false, problems: problems.list() };
  }
  const draft = packDraft(job.scope, walker, previous);
  const index = new FileIndex(draft);
  const { batches, toHash } = cutBatches(index);
  return { draft, files: index.size, batches, toHash, changed: true, problems: problems.list() };
}

function packDraft(scope: NodeScope, walker: TreeWalker, previous: FileIndex | undefined): SharedArrayBuffer {
  const builder = new FileIndexBuilder(scope.dialect.fileHash.bytes);
  if (previous !== undefined) for (const slot of walker.unchanged) builder.add(previous.row(slot));
  for (const { path, itemKey, status, withheld } of walker.found) {
    if (status === undefined) builder.add({ path, itemKey, modTime: 0, size: 0, withheld });
    else builder.add({ path, itemKey, modTime: status.mtimeMs / 1000, size: status.size, changeTime: status.ctimeMs });
  }
  return builder.finish();
}
