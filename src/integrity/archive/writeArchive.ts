import JSZip from "jszip";
import type { FileProblem } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Disk } from "../Disk.js";
import { METADATA_NAME } from "../metadata.js";
import { openNewFile } from "../openNewFile.js";
import { systemCodeOf } from "../systemCode.js";
import { writeFully } from "../writeFully.js";
import { FileSource, type SourceFile } from "./FileSource.js";
import { REGULAR_FILE } from "./zipFormat.js";

/** The catalogue's "Error creating zip file". */
const NOT_WRITTEN = 3001;

/** Bytes that a source file is read by, and that are gathered before they are written. */
const PIECE_BYTES = 256 * 1024;

/** A zip file cannot say times outside these years; the receiver does not use them (observed.md, Zip). */
const FIRST_TIME = Date.UTC(1980, 0, 1);
const LAST_TIME = Date.UTC(2107, 11, 31, 23, 59, 58);

const METADATA_MODE = 0o600;

/** JSZip writes no zip64 records: an archive has at most so many entries, metadata included. */
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
  /** Files that could not be packed. When there are any, the archive was not kept. */
  readonly failures: readonly FileProblem[];
}

/**
 * Writes an archive of the files, stored, in their order, and the metadata as its last entry
 * (protocol.md 10): to a temporary file beside `destination`, which then takes that name. Files are
 * streamed one after another. A file that fails does not end the writing, so that all failures are
 * known at once; but the archive is then removed, because its torn entry cannot be taken back.
 *
 * @throws MusterError 3001 when the archive itself cannot be written; nothing of it is left.
 */
export async function writeArchive(
  disk: Disk,
  destination: string,
  files: readonly ArchiveFile[],
  metadata: Buffer,
): Promise<WrittenArchive> {
  const temporary = `${destination}.tmp`;
  const failures: FileProblem[] = [];
  const sources: FileSource[] = [];
  let kept = false;
  try {
    const zip = new JSZip();
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (const file of files) {
      const source = new FileSource(disk, file, piece, (problem) => failures.push(problem));
      sources.push(source);
      // JSZip asks of a stream only on, pause and resume; FileSource has exactly these.
      zip.file(file.path, source as unknown as NodeJS.ReadableStream, entryOptions(file.modTime, file.mode));
    }
    zip.file(METADATA_NAME, metadata, entryOptions(FIRST_TIME, METADATA_MODE));
    const bytes = await writeZip(disk, zip, temporary);
    if (failures.length === 0) {
      disk.renameSync(temporary, destination);
      kept = true;
    }
    return { bytes, failures };
  } catch (cause) {
    throw MusterError.cluster(NOT_WRITTEN, `${destination}: ${systemCodeOf(cause) ?? String(cause)}`, { cause });
  } finally {
    for (const source of sources) source.close();
    if (!kept) disk.rmSync(temporary, { force: true });
  }
}

function entryOptions(modTime: number, mode: number): JSZip.JSZipFileOptions {
  const date = new Date(Math.min(Math.max(modTime, FIRST_TIME), LAST_TIME));
  return { binary: true, createFolders: false, date, unixPermissions: REGULAR_FILE | (mode & 0o777) };
}

/** Streams the archive to a new file; resolves with its size once all is written. */
async function writeZip(disk: Disk, zip: JSZip, temporary: string): Promise<number> {
  disk.rmSync(temporary, { force: true });
  const descriptor = openNewFile(disk, temporary);
  try {
    const output = new GatheredOutput(disk, descriptor);
    const stream = zip.generateInternalStream({ type: "nodebuffer", streamFiles: true, compression: "STORE", platform: "UNIX" });
    await new Promise<void>((resolve, reject) => {
      stream.on("data", (bytes) => {
        try {
          output.add(bytes);
        } catch (error) {
          stream.pause();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      stream.on("error", reject);
      stream.on("end", resolve);
      stream.resume();
    });
    return output.finish();
  } finally {
    disk.closeSync(descriptor);
  }
}

/** Gathers JSZip's many small pieces (a header, a name) into large writes. */
class GatheredOutput {
  private readonly disk: Disk;
  private readonly descriptor: number;
  private readonly buffer = Buffer.allocUnsafe(PIECE_BYTES);
  private used = 0;
  private written = 0;

  constructor(disk: Disk, descriptor: number) {
    this.disk = disk;
    this.descriptor = descriptor;
  }

  add(bytes: Uint8Array): void {
    if (this.used + bytes.length > this.buffer.length) this.flush();
    if (bytes.length >= this.buffer.length) {
      this.written += writeFully(this.disk, this.descriptor, bytes);
      return;
    }
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Writes the rest; returns the bytes in all. */
  finish(): number {
    this.flush();
    return this.written;
  }

  private flush(): void {
    this.written += writeFully(this.disk, this.descriptor, this.buffer.subarray(0, this.used));
    this.used = 0;
  }
}
