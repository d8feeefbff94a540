import type { FileProblem, PackDifferenceJob, PackDifferenceResult } from "../../../workers/jobs.js";
import { countsOf, decodeDifference, type Difference } from "../Difference.js";
import type { Disk } from "../Disk.js";
import type { FileEntry } from "../FileIndex.js";
import { AGENT_GROUPS_ITEM, agentOfGroupFile } from "../items.js";
import { sharedMergedPath } from "../merged/mergedPaths.js";
import { mergeFiles } from "../merged/mergeFiles.js";
import { encodeDifferenceMetadata, MERGE_TYPE, type MetadataEntry } from "../metadata.js";
import type { ArchiveFile } from "./ArchiveFormat.js";
import { formatOf } from "./formats.js";
import { PackPlan } from "./PackPlan.js";
import { writeArchive } from "./writeArchive.js";

const MERGED_MODE = 0o644;

/**
 * Packs the missing and shared files of a difference, its differing group files merged into one, and
 * the metadata that describes them (protocol.md 6). Files that vanished, cannot be read or do not fit
 * are settled first (`PackPlan`), and again if one fails while it is packed; the metadata is made last.
 *
 * @throws MusterError 3001 when the archive cannot be written; nothing of it is left.
 */
export async function packDifference(disk: Disk, job: PackDifferenceJob): Promise<PackDifferenceResult> {
  const { root, dialect, limits } = job.scope;
  const whole = withoutUnmergeable(decodeDifference(job.difference));
  const mergedFile = `${job.destination}.merged`;
  try {
    const merging = mergeShared(disk, root, whole.sharedMerged, mergedFile, sharedMergedPath(job.workerName));
    const plan = new PackPlan(disk, root, { limits, bounds: formatOf(dialect).bounds(job.scope) }, whole);
    if (merging.file !== undefined) plan.reserve(merging.file.path, merging.bytes);
    plan.settle();
    const files = [...(merging.file === undefined ? [] : [merging.file]), ...plan.archiveFiles()];
    let settled = whole;
    const { scope, destination, mostPackedBytes } = job;
    const { bytes, sha256, failures } = await writeArchive(disk, { scope, destination, files, mostPackedBytes }, (failed) => {
      plan.drop(failed);
      const merged = failed.some(({ path }) => path === merging.file?.path) ? undefined : merging.file;
      settled = { ...whole, ...plan.settled(), sharedMerged: merged === undefined ? [] : merging.entries };
      const shared: MetadataEntry[] = [...settled.shared];
      if (merged !== undefined) shared.push({ path: merged.path, itemKey: AGENT_GROUPS_ITEM, merged: { type: MERGE_TYPE } });
      return Buffer.from(encodeDifferenceMetadata({ ...settled, shared }, dialect), "latin1");
    });
    const problems = [...merging.problems, ...plan.problems];
    return { bytes, sha256, files: files.length - failures.length, counts: countsOf(settled), problems };
  } finally {
    disk.rmSync(mergedFile, { force: true });
  }
}

interface MergedShared {
  readonly entries: readonly FileEntry[];
  /** Undefined when there is nothing to merge. */
  readonly file: ArchiveFile | undefined;
  readonly bytes: number;
  readonly problems: readonly FileProblem[];
}

/** A part's name must be an agent's id; other files of that folder travel as they are. */
function withoutUnmergeable(difference: Difference): Difference {
  const mergeable = difference.sharedMerged.filter(({ path }) => agentOfGroupFile(path) !== undefined);
  if (mergeable.length === difference.sharedMerged.length) return difference;
  const others = difference.sharedMerged.filter(({ path }) => agentOfGroupFile(path) === undefined);
  return { ...difference, sharedMerged: mergeable, shared: [...difference.shared, ...others] };
}

function mergeShared(disk: Disk, root: string, entries: readonly FileEntry[], mergedFile: string, path: string): MergedShared {
  if (entries.length === 0) return { entries, file: undefined, bytes: 0, problems: [] };
  const sources = entries.map((entry) => ({
    name: agentOfGroupFile(entry.path) ?? "",
    path: entry.path,
    file: `${root}/${entry.path}`,
  }));
  disk.rmSync(mergedFile, { force: true });
  const { merged, problems, bytes } = mergeFiles(disk, sources, mergedFile);
  const inside = new Set(merged);
  return {
    entries: entries.filter((entry) => inside.has(entry.path)),
    file: merged.length === 0 ? undefined : { path, file: mergedFile, modTime: disk.lstatSync(mergedFile).mtimeMs, mode: MERGED_MODE },
    bytes,
    // A group file that is gone is no problem: the next comparison decides what becomes of the worker's.
    problems: problems.filter(({ code }) => code !== "ENOENT"),
  };
}
