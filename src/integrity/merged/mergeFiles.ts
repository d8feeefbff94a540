import type { FileProblem } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { fileProblem } from "../fileProblem.js";
import { openNewFile } from "../openNewFile.js";
import { readWhole } from "../readWhole.js";
import { writeFully } from "../writeFully.js";
import { formatMergedHeader } from "./mergedHeader.js";

/**
 * Largest content of one part, in bytes, that is written or taken. A group file is a short list of
 * group names; the bound keeps a part in memory whatever stands in that folder.
 */
export const LONGEST_PART_BYTES = 16 * 1024 * 1024;

/** One file to merge. */
export interface MergeSource {
  /** The part's name: an agent's id. */
  readonly name: string;
  /** Relative to the node's root; what a problem names. */
  readonly path: string;
  /** Where it is, absolute. */
  readonly file: string;
}

export interface MergeResult {
  /** Paths of the files that are in the merged file, in its order. */
  readonly merged: readonly string[];
  /** Files that were left out. `ENOENT` says that the file is gone. */
  readonly problems: readonly FileProblem[];
  /** Size of the merged file. */
  readonly bytes: number;
}

/**
 * Writes a merged file (protocol.md 9) of the sources, one part after another; only one part is in
 * memory at a time. A file that cannot be read, or is too large, is left out and reported.
 *
 * `destination` must not exist yet: it is made with mode 0600, and no link there is followed.
 *
 * @throws the system's error when `destination` cannot be written; what was written of it is removed.
 */
export function mergeFiles(disk: Disk, sources: readonly MergeSource[], destination: string): MergeResult {
  const descriptor = openNewFile(disk, destination);
  const merged: string[] = [];
  const problems: FileProblem[] = [];
  let bytes = 0;
  let done = false;
  try {
    for (const source of sources) {
      const part = readPart(disk, source);
      if ("code" in part) {
        problems.push(part);
        continue;
      }
      bytes += writeFully(disk, descriptor, part.header) + writeFully(disk, descriptor, part.content);
      merged.push(source.path);
    }
    done = true;
  } finally {
    disk.closeSync(descriptor);
    if (!done) disk.rmSync(destination, { force: true });
  }
  return { merged, problems, bytes };
}

function readPart(disk: Disk, source: MergeSource): { header: Buffer; content: Buffer } | FileProblem {
  try {
    const { content, modTime } = readWhole(disk, source.file, LONGEST_PART_BYTES);
    return { header: formatMergedHeader({ name: source.name, size: content.length, modTime }), content };
  } catch (error) {
    return fileProblem(source.path, error);
  }
}
