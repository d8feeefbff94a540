import type { FileProblem } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Disk } from "../Disk.js";
import { METADATA_NAME } from "../metadata.js";
import { systemCodeOf } from "../systemCode.js";
import { ArchiveWriter } from "./ArchiveWriter.js";
import { FileSource, type SourceFile } from "./FileSource.js";

/** The catalogue's "Error creating zip file". */
export const NOT_WRITTEN = 3001;

/** Bytes that a source file is read by. */
const PIECE_BYTES = 256 * 1024;

/** Files that JSZip is given at a time. */
const SEGMENT_FILES = 1000;

const METADATA_MODE = 0o600;

/** The writer makes no zip64 records: an archive has at most so many entries, metadata included. */
export const MOST_ENTRIES = 0xffff;
/** … and so many bytes. */
export const MOST_BYTES = 0xffffffff;

/** A file that goes into an archive. */
export interface ArchiveFile extends SourceFile {
  /** Milliseconds since the epoch; any time at all. */
  readonly modTime: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface WrittenArchive {
  readonly bytes: number;
  /** Files that could not be packed and are not in the archive. */
  readonly failures: readonly FileProblem[];
}

/**
 * Writes an archive of the files, stored, in their order, and the metadata as its last entry
 * (protocol.md 10): to a temporary file beside `destination`, which then takes that name. Files are
 * streamed one after another. One that cannot be read, or changes while it is read, is left out.
 *
 * @param metadata the metadata's bytes, asked for when it is certain which files are in the archive;
 *   it is told those that are not.
 * @throws MusterError 3001 when the archive itself cannot be written; nothing of it is left.
 */
export async function writeArchive(
  disk: Disk,
  destination: string,
  files: readonly ArchiveFile[],
  metadata: (failures: readonly FileProblem[]) => Buffer,
): Promise<WrittenArchive> {
  const temporary = `${destination}.tmp`;
  let isKept = false;
  try {
    disk.rmSync(temporary, { force: true });
    const descriptor = disk.openSync(temporary, "wx+", 0o600);
    try {
      const writer = new ArchiveWriter(disk, descriptor);
      const failures = await writeFiles(disk, writer, files);
      await writer.write([{ name: METADATA_NAME, content: metadata(failures), modTime: 0, mode: METADATA_MODE }]);
      const bytes = writer.finish();
      disk.renameSync(temporary, destination);
      isKept = true;
      return { bytes, failures };
    } finally {
      disk.closeSync(descriptor);
    }
  } catch (cause) {
    const reason = systemCodeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw MusterError.cluster(NOT_WRITTEN, `${destination}: ${reason}`, { cause });
  } finally {
    if (!isKept) disk.rmSync(temporary, { force: true });
  }
}

/** Writes all files but those that fail; a segment with a failure is written again without it. */
async function writeFiles(disk: Disk, writer: ArchiveWriter, files: readonly ArchiveFile[]): Promise<FileProblem[]> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const failures = new Map<string, FileProblem>();
  for (let from = 0; from < files.length; from += SEGMENT_FILES) {
    let segment = files.slice(from, from + SEGMENT_FILES);
    for (let known = -1; known !== failures.size && segment.length > 0; ) {
      known = failures.size;
      segment = segment.filter(({ path }) => !failures.has(path));
      await writeSegment(disk, writer, segment, piece, failures);
    }
  }
  return [...failures.values()];
}

async function writeSegment(
  disk: Disk,
  writer: ArchiveWriter,
  segment: readonly ArchiveFile[],
  piece: Buffer,
  failures: Map<string, FileProblem>,
): Promise<void> {
  const known = failures.size;
  const entries = segment.map((file) => {
    const content = new FileSource(disk, file, piece, (problem) => failures.set(file.path, problem));
    return { name: file.path, content, modTime: file.modTime, mode: file.mode };
  });
  try {
    await writer.write(entries, () => failures.size === known);
  } finally {
    for (const { content } of entries) content.close();
  }
}
