import type { FileProblem, NodeScope } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";

/** One file in an archive. */
export interface ArchiveEntry {
  /** Relative, plain (see `isPlainPath`), and the archive's only entry of this name. */
  readonly name: string;
}

/** An archive that is open for reading; what no honest sender writes was refused when it was opened. */
export interface ArchiveReader {
  readonly entries: readonly ArchiveEntry[];
  /**
   * Hands an entry's content to `take`, piece by piece; a piece is valid only during the call. What is wrong with
   * an entry may show only at its end, so `take` may have seen bytes of one that is then refused. Returns the
   * length.
   *
   * @param longest a narrower limit on the entry's bytes than the archive's own.
   * @throws MusterError 3000 or 3053 when it grows beyond a limit or is broken; whatever `take` throws.
   */
  read(entry: ArchiveEntry, take: (bytes: Buffer) => void, longest?: number): Promise<number>;
  close(): void;
}

/** A file that goes into an archive. */
export interface ArchiveFile {
  /** Relative to the node's root: the entry's name. */
  readonly path: string;
  /** Where it is, absolute. */
  readonly file: string;
  /** Milliseconds since the epoch; any time at all. */
  readonly modTime: number;
  /** Permission bits. */
  readonly mode: number;
}

/** A finished archive. */
export interface FinishedArchive {
  readonly bytes: number;
  /** Of the whole archive, so that a transfer needs no reading of its own for it. */
  readonly sha256: Buffer;
}

/** What writes an archive into an open file. */
export interface ArchiveContents {
  /**
   * Writes the files, streamed one after another in their order. One that cannot be read, or changes while it is
   * read, or does not fit (code E2BIG: it and all that follow) is left out; returns those.
   *
   * @throws the system's error, for example ENOSPC.
   */
  writeFiles(files: readonly ArchiveFile[]): Promise<FileProblem[]>;
  /** Writes the metadata as the last entry; the descriptor stays open. */
  finish(metadata: Buffer): Promise<FinishedArchive>;
}

/** The most that a format, under a node's settings, takes into one archive. */
export interface ArchiveBounds {
  /** Entries, the metadata included. */
  readonly entries: number;
  /** Bytes of all entries' content, the metadata included. */
  readonly bytes: number;
}

/** A dialect's archive (protocol.md 10; dialects.md 1.5): the one interface through which archives are made and read. */
export interface ArchiveFormat {
  bounds(scope: NodeScope): ArchiveBounds;
  /** @throws MusterError 3000 when the archive is refused; the system's error when it cannot be read. */
  open(disk: Disk, path: string, scope: NodeScope): ArchiveReader;
  /**
   * @param descriptor open for reading and writing, empty.
   * @param mostPackedBytes bytes that the files may take in the archive. @default no bound besides `bounds`
   */
  write(disk: Disk, descriptor: number, scope: NodeScope, mostPackedBytes?: number): ArchiveContents;
}
