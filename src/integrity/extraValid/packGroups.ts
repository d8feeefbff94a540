import type { PackGroupsJob, PackResult } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { ArchiveFile } from "../archive/ArchiveFormat.js";
import { NOT_WRITTEN, writeArchive } from "../archive/writeArchive.js";
import { confinedPath } from "../confinedPath.js";
import type { Disk } from "../Disk.js";
import { FileFault } from "../fileProblem.js";
import { AGENT_GROUPS_ITEM } from "../items.js";
import { MERGE_TYPE } from "../metadata.js";

const MERGED_MODE = 0o644;

/**
 * Packs a merged file of group files with its metadata (protocol.md 6, extra-valid). An empty merged
 * file gives an archive that holds the metadata `{}` alone. The merged file stays; it is the caller's.
 *
 * @throws MusterError 3001 when the archive cannot be written or the merged file cannot be read, 3000 when
 *   a folder on the way to it is a link; nothing of the archive is left.
 */
export async function packGroups(disk: Disk, job: PackGroupsJob): Promise<PackResult> {
  const { merged: path, destination } = job;
  const file = confinedPath(disk, job.scope.root, path);
  const status = disk.lstatSync(file, { throwIfNoEntry: false });
  if (status === undefined) throw MusterError.cluster(NOT_WRITTEN, `${file}: the merged file is gone; the next round makes it anew`);
  const { size, mtimeMs } = status;
  const files: ArchiveFile[] = size === 0 ? [] : [{ path, file, modTime: mtimeMs, mode: MERGED_MODE }];
  const metadata = Buffer.from(stringifyPython(size === 0 ? {} : { [path]: describe(path) }), "latin1");
  const { bytes, sha256 } = await writeArchive(disk, { scope: job.scope, destination, files }, ([failure]) => {
    if (failure !== undefined) throw new FileFault(failure.code, `${file}: ${failure.message}`);
    return metadata;
  });
  return { bytes, files: files.length, sha256 };
}

/** With an underscore in `merge_type`, unlike a master's (observed.md, JSON). */
function describe(path: string): Record<string, string | boolean> {
  return { merged: true, merge_type: MERGE_TYPE, merge_name: path, cluster_item_key: AGENT_GROUPS_ITEM };
}
