import type { NodeScope } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { ArchiveReader } from "../archive/ArchiveFormat.js";
import { archiveRefused, shownName } from "../archive/archiveRefused.js";
import { readMetadata } from "../archive/readMetadata.js";
import { openNewFile } from "../openNewFile.js";
import type { Disk } from "../Disk.js";
import { extraValidMergedPath } from "../merged/mergedPaths.js";
import { decodeMetadata, MERGE_TYPE, METADATA_NAME } from "../metadata.js";
import { writeFully } from "../writeFully.js";

/** The catalogue's "Client.keys file received in master node". */
const CLIENT_KEYS_RECEIVED = 3007;
const CLIENT_KEYS_NAME = "client.keys";

/**
 * Unpacks the one file that a master takes from a worker: its merged group files. Returns false when the
 * worker sends none (its metadata is empty).
 *
 * @param destination absolute; must not exist.
 * @throws MusterError 3007 when the archive brings a `client.keys`, 3000 when it brings anything else
 *   or is refused for another reason.
 */
export async function readExtraValid(disk: Disk, scope: NodeScope, archive: ArchiveReader, workerName: string, destination: string): Promise<boolean> {
  const expected = extraValidMergedPath(workerName);
  const contents = archive.entries.filter(({ name }) => name !== METADATA_NAME);
  for (const { name } of contents) requireExpected(name, expected);
  const listed = decodeMetadata(await readMetadata(archive), scope.items, scope.dialect, scope.limits);
  for (const { path, merged } of listed) {
    requireExpected(path, expected);
    if (merged?.type !== MERGE_TYPE) throw archiveRefused(`${shownName(path)} is not described as merged ${MERGE_TYPE}`);
  }
  const [content] = contents;
  if ((content === undefined) !== (listed.length === 0)) throw archiveRefused("its metadata and its content do not agree");
  if (content === undefined) return false;
  const descriptor = openNewFile(disk, destination);
  try {
    await archive.read(content, (bytes) => void writeFully(disk, descriptor, bytes));
  } finally {
    disk.closeSync(descriptor);
  }
  return true;
}

function requireExpected(path: string, expected: string): void {
  if (path === expected) return;
  if (path.slice(path.lastIndexOf("/") + 1) === CLIENT_KEYS_NAME) {
    throw MusterError.cluster(CLIENT_KEYS_RECEIVED, `${shownName(path)}: a master's keys are its own`);
  }
  throw archiveRefused(`${shownName(path)} is not the one file that a master takes from this worker (${expected})`);
}
