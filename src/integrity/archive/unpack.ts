import type { UnpackJob, UnpackResult } from "../../../workers/jobs.js";
import { applyTarget } from "../applyTarget.js";
import type { Disk } from "../Disk.js";
import { decodeDifferenceMetadata, METADATA_NAME } from "../metadata.js";
import { openNewFile } from "../openNewFile.js";
import { writeFully } from "../writeFully.js";
import { writeNewFile } from "../writeNewFile.js";
import type { ArchiveEntry, ArchiveReader } from "./ArchiveFormat.js";
import { archiveRefused, shownName } from "./archiveRefused.js";
import { formatOf } from "./formats.js";
import { readMetadata } from "./readMetadata.js";
import { unpackedFiles } from "./unpackedFiles.js";

/**
 * Unpacks a master's archive into a private folder that it makes: each file under the number of its
 * place in the metadata (`unpackedFiles`), so that no sender's name becomes a path there, and the
 * metadata beside them. Files that no item of this node covers are not unpacked; `apply` reports them.
 *
 * The archive is removed in any case. On any error the folder is removed too: nothing of a refused
 * archive is left behind (protocol.md 10).
 *
 * @throws MusterError 3000 when the archive or its metadata is refused (the text says which entry, and
 *   why), 3036 when the metadata is no JSON; the system's error, for example when the disk is full or
 *   the folder exists.
 */
export async function unpack(disk: Disk, job: UnpackJob): Promise<UnpackResult> {
  try {
    disk.mkdirSync(job.folder, { mode: 0o700 });
    try {
      return await unpackInto(disk, job);
    } catch (error) {
      disk.rmSync(job.folder, { recursive: true, force: true });
      throw error;
    }
  } finally {
    disk.rmSync(job.archive, { force: true });
  }
}

async function unpackInto(disk: Disk, { scope, archive: path, folder }: UnpackJob): Promise<UnpackResult> {
  const archive = formatOf(scope.dialect).open(disk, path, scope);
  try {
    const bytes = await readMetadata(archive);
    const metadata = decodeDifferenceMetadata(bytes, scope.items, scope.dialect, scope.limits);
    const listed = new Map(unpackedFiles(metadata, folder).map((unpacked) => [unpacked.entry.path, unpacked]));
    const contents = archive.entries.filter(({ name }) => name !== METADATA_NAME);
    for (const { name } of contents) {
      if (!listed.has(name)) throw archiveRefused(`${shownName(name)} is not listed by its metadata as missing or shared`);
    }
    let files = 0;
    let total = 0;
    for (const content of contents) {
      const unpacked = listed.get(content.name);
      if (unpacked === undefined || applyTarget(scope, unpacked.entry) === undefined) continue;
      total += await unpackEntry(disk, archive, content, unpacked.file);
      files++;
    }
    writeNewFile(disk, `${folder}/${METADATA_NAME}`, bytes);
    const { missing, shared, extra, extraValid } = metadata;
    const counts = { missing: missing.length, shared: shared.length, extra: extra.length, extraValid: extraValid.length };
    return { files, bytes: total, counts };
  } finally {
    archive.close();
  }
}

async function unpackEntry(disk: Disk, archive: ArchiveReader, entry: ArchiveEntry, file: string): Promise<number> {
  const descriptor = openNewFile(disk, file);
  try {
    return await archive.read(entry, (bytes) => void writeFully(disk, descriptor, bytes));
  } finally {
    disk.closeSync(descriptor);
  }
}
