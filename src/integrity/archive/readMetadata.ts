import { METADATA_NAME } from "../metadata.js";
import { archiveRefused } from "./archiveRefused.js";
import type { ArchiveReader } from "./ArchiveFormat.js";

/** Largest `files_metadata.json` in bytes: unlike other entries it is held in memory. */
const LONGEST_METADATA_BYTES = 256 * 1024 * 1024;

/**
 * The bytes of an archive's `files_metadata.json`.
 *
 * @throws MusterError 3000 when there is none, or when it is too large or broken.
 */
export async function readMetadata(archive: ArchiveReader): Promise<Buffer> {
  const entry = archive.entries.find(({ name }) => name === METADATA_NAME);
  if (entry === undefined) throw archiveRefused(`it has no ${METADATA_NAME}`);
  const pieces: Buffer[] = [];
  await archive.read(entry, (bytes) => pieces.push(Buffer.from(bytes)), LONGEST_METADATA_BYTES);
  return Buffer.concat(pieces);
}
