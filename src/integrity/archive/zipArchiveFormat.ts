import { METADATA_NAME } from "../metadata.js";
import type { ArchiveContents, ArchiveFormat } from "./ArchiveFormat.js";
import { ArchiveWriter } from "./ArchiveWriter.js";
import { ZipArchive } from "./ZipArchive.js";

const METADATA_MODE = 0o600;

/** The writer makes no zip64 records: an archive has at most so many entries, metadata included. */
const MOST_ENTRIES = 0xffff;
/** … and so many bytes. */
const MOST_BYTES = 0xffffffff;

/** Real zip files, their entries stored (protocol.md 10). */
export const zipFormat: ArchiveFormat = Object.freeze({
  bounds: () => ({ entries: MOST_ENTRIES, bytes: MOST_BYTES }),
  open: (disk, path, { limits }) => new ZipArchive(disk, path, limits),
  write: (disk, descriptor) => contentsOf(new ArchiveWriter(disk, descriptor)),
} satisfies ArchiveFormat);

function contentsOf(writer: ArchiveWriter): ArchiveContents {
  return {
    writeFiles: (files) => Promise.resolve(files.flatMap((file) => writer.addFile(file) ?? [])),
    finish: (metadata) => {
      writer.addContent(METADATA_NAME, metadata, 0, METADATA_MODE);
      return Promise.resolve(writer.finish());
    },
  };
}
