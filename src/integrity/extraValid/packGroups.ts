import { join } from "node:path";
import type { PackGroupsJob, PackResult } from "../../../workers/jobs.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { writeArchive, type ArchiveFile } from "../archive/writeArchive.js";
import type { Disk } from "../Disk.js";
import { FileFault } from "../fileProblem.js";
import { AGENT_GROUPS_ITEM } from "../items.js";
import { MERGE_TYPE } from "../metadata.js";

const MERGED_MODE = 0o644;

/**
 * Packs a merged file of group files with its metadata (protocol.md 6, extra-valid). An empty merged
 * file gives an archive that holds the metadata `{}` alone.
 *
 * @throws MusterError 3001 when the archive cannot be written; nothing of it is left.
 */
export async function packGroups(disk: Disk, job: PackGroupsJob): Promise<PackResult> {
  const { merged: path, destination } = job;
  const file = join(job.scope.root, path);
  const { size, mtimeMs } = disk.lstatSync(file);
  const files: ArchiveFile[] = size === 0 ? [] : [{ path, file, modTime: mtimeMs, mode: MERGED_MODE }];
  const metadata = Buffer.from(stringifyPython(size === 0 ? {} : { [path]: describe(path) }), "latin1");
  const { bytes, failures } = await writeArchive(disk, destination, files, metadata);
  const [failure] = failures;
  if (failure !== undefined) throw new FileFault(failure.code, `${file}: ${failure.message}`);
  return { bytes, files: files.length };
}

/** With an underscore in `merge_type`, unlike a master's (observed.md, JSON). */
function describe(path: string): Record<string, string | boolean> {
  return { merged: true, merge_type: MERGE_TYPE, merge_name: path, cluster_item_key: AGENT_GROUPS_ITEM };
}
