import type { FileProblem } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { METADATA_NAME } from "../metadata.js";
import type { ArchiveContents, ArchiveFile, ArchiveFormat } from "./ArchiveFormat.js";
import { ArchiveWriter } from "./ArchiveWriter.js";
import { FileSource } from "./FileSource.js";
import { ZipArchive } from "./ZipArchive.js";

/** Bytes that a source file is read by. */
const PIECE_BYTES = 256 * 1024;

/** Files that JSZip is given at a time. */
const SEGMENT_FILES = 1000;

const METADATA_MODE = 0o600;

/** The writer makes no zip64 records: an archive has at most so many entries, metadata included. */
const MOST_ENTRIES = 0xffff;
/** … and so many bytes. */
const MOST_BYTES = 0xffffffff;

/** Real zip files, their entries stored (protocol.md 10). */
export const zipFormat: ArchiveFormat = Object.freeze({
  bounds: () => ({ entries: MOST_ENTRIES, bytes: MOST_BYTES }),
  open: (disk, path, { limits }) => new ZipArchive(disk, path, limits),
  write: (disk, descriptor) => new ZipContents(disk, descriptor),
} satisfies ArchiveFormat);

class ZipContents implements ArchiveContents {
  private readonly disk: Disk;
  private readonly writer: ArchiveWriter;

  constructor(disk: Disk, descriptor: number) {
    this.disk = disk;
    this.writer = new ArchiveWriter(disk, descriptor);
  }

  /** Writes all files but those that fail; a segment with a failure is written again without it. */
  async writeFiles(files: readonly ArchiveFile[]): Promise<FileProblem[]> {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const failures = new Map<string, FileProblem>();
    for (let from = 0; from < files.length; from += SEGMENT_FILES) {
      let segment = files.slice(from, from + SEGMENT_FILES);
      for (let known = -1; known !== failures.size && segment.length > 0; ) {
        known = failures.size;
        segment = segment.filter(({ path }) => !failures.has(path));
        await this.writeSegment(segment, piece, failures);
      }
    }
    return [...failures.values()];
  }

  async finish(metadata: Buffer): Promise<number> {
    await this.writer.write([{ name: METADATA_NAME, content: metadata, modTime: 0, mode: METADATA_MODE }]);
    return this.writer.finish();
  }

  private async writeSegment(segment: readonly ArchiveFile[], piece: Buffer, failures: Map<string, FileProblem>): Promise<void> {
    const known = failures.size;
    const entries = segment.map((file) => {
      const content = new FileSource(this.disk, file, piece, (problem) => failures.set(file.path, problem));
      return { name: file.path, content, modTime: file.modTime, mode: file.mode };
    });
    try {
      await this.writer.write(entries, () => failures.size === known);
    } finally {
      for (const { content } of entries) content.close();
    }
  }
}
