import type { PackGroupsJob, PackResult } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { writeArchive, type ArchiveFile } from "../archive/writeArchive.js";
import { confinedPath } from "../confinedPath.js";
import type { Disk } from "../Disk.js";
import { AGENT_GROUPS_ITEM } from "../items.js";
import { MERGE_TYPE } from "../metadata.js";

const MERGED_MODE = 0o644;

/** The catalogue's "Error creating zip file". */
const NOT_WRITTEN = 3001;

/**
 * Packs a merged file with its metadata: the extra-valid archive (protocol.md 6). An empty merged file
 * says that there is nothing to send: the archive then holds the metadata `{}` alone. The merged file
 * stays; it is the caller's.
 *
 * @throws MusterError 3001 when the archive cannot be written or the merged file cannot be read, 3000 when
 *   a folder on the way to it is a link; nothing of the archive is left.
 */
export async function packGroups(disk: Disk, { scope, merged, destination }: PackGroupsJob): Promise<PackResult> {
  const file = confinedPath(disk, scope.root, merged);
  const status = disk.lstatSync(file, { throwIfNoEntry: false });
  if (status === undefined) throw MusterError.cluster(NOT_WRITTEN, `${file}: the merged file is gone; the next round makes it anew`);
  const files: ArchiveFile[] = status.size === 0 ? [] : [{ path: merged, file, modTime: status.mtimeMs, mode: MERGED_MODE }];
  const metadata = Buffer.from(stringifyPython(files.length === 0 ? {} : { [merged]: describe(merged) }), "latin1");
  const { bytes, failures } = await writeArchive(disk, destination, files, metadata);
  const [failure] = failures;
  if (failure !== undefined) throw MusterError.cluster(NOT_WRITTEN, `${file}: ${failure.message}`);
  return { bytes, files: files.length };
}

/** With an underscore in `merge_type`, unlike a master's (observed.md, JSON). */
function describe(path: string): Record<string, string | boolean> {
  return { merged: true, merge_type: MERGE_TYPE, merge_name: path, cluster_item_key: AGENT_GROUPS_ITEM };
}
