import type { HashJob, HashResult } from "../../workers/jobs.js";
import { confinedPath } from "./confinedPath.js";
import type { Disk, FileStatus } from "./Disk.js";
import { FileHasher, type HashedFile } from "./FileHasher.js";
import { FileIndex } from "./FileIndex.js";
import { ABSENT, IndexRows, WITHHELD } from "./IndexRows.js";
import { Problems } from "./Problems.js";
import { isVanished, systemCodeOf } from "./systemCode.js";

/**
 * A file changed this many milliseconds ago, or later, may change again without another time stamp:
 * kernels stamp with the time of their last tick, which is at most 10 ms old.
 */
export const STAMP_MILLISECONDS = 20;

/** Errors that last until somebody changes the file's status, and with it its change time. */
const DENIED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM"]);

/**
 * The job `hash` of workers/jobs.ts: hashes the rows of [from, to) that need it, and writes hash, size
 * and times into the draft in place. Jobs of distinct ranges may run at the same time.
 *
 * Times and size are taken from the open file before it is read: when it changes during the read, or
 * so shortly before that its time may not tell, the next walk sees a difference again. A file that
 * vanished becomes absent. One that cannot be read, or that no longer is a regular file, is withheld
 * and reported; the next walk tries it again, unless access was denied and nobody changed that.
 *
 * @param wallTime milliseconds since the epoch, by the clock that stamps files.
 */
export function hashFiles(disk: Disk, job: HashJob, wallTime: () => number): HashResult {
  const index = new FileIndex(job.draft);
  const rows = IndexRows.open(job.draft, 0);
  const hasher = new FileHasher(disk, job.scope.dialect.fileHash.algorithm);
  const problems = new Problems();
  const { root } = job.scope;
  let hashed = 0;
  let checkedFolder: string | undefined;
  for (let slot = job.from; slot < Math.min(job.to, index.slots); slot++) {
    if (!index.needsHash(slot)) continue;
    const path = index.path(slot);
    const startedAt = wallTime();
    try {
      const folder = path.slice(0, path.lastIndexOf("/"));
      if (folder !== checkedFolder) confinedPath(disk, root, path);
      checkedFolder = folder;
      writeHash(rows, slot, hasher.hash(`${root}/${path}`), startedAt);
      hashed++;
    } catch (error) {
      const status = statusOf(disk, `${root}/${path}`);
      if (status === "vanished") {
        rows.flags[slot] = ABSENT;
        continue;
      }
      withhold(rows, slot, status, DENIED.has(systemCodeOf(error)), startedAt);
      problems.addError(path, "the file cannot be read: it is not synchronised", error);
    }
  }
  return { hashed, problems: problems.list() };
}

function writeHash(rows: IndexRows, slot: number, file: HashedFile, startedAt: number): void {
  rows.hashes.set(file.digest, slot * rows.hashBytes);
  rows.modTimes[slot] = file.modTime;
  rows.changeTimes[slot] = trusted(file.changeTime, startedAt);
  rows.sizes[slot] = file.size;
  rows.flags[slot] = 0;
}

function withhold(rows: IndexRows, slot: number, status: FileStatus | undefined, lasting: boolean, startedAt: number): void {
  rows.modTimes[slot] = (status?.mtimeMs ?? 0) / 1000;
  rows.changeTimes[slot] = lasting && status !== undefined ? trusted(status.ctimeMs, startedAt) : 0;
  rows.sizes[slot] = status?.size ?? 0;
  rows.flags[slot] = WITHHELD;
}

/**
 * The change time, or 0 (which no walk trusts) when it is so young that a later change may bear it too.
 * A time far in the future (the clock was set back) tells changes apart as well as one long past.
 */
function trusted(changeTime: number, startedAt: number): number {
  return Math.abs(startedAt - changeTime) < STAMP_MILLISECONDS ? 0 : changeTime;
}

/** The status of what is there now, links not followed; undefined when it cannot be looked at. */
function statusOf(disk: Disk, absolutePath: string): FileStatus | "vanished" | undefined {
  try {
    return disk.lstatSync(absolutePath, { throwIfNoEntry: false }) ?? "vanished";
  } catch (error) {
    return isVanished(error) ? "vanished" : undefined;
  }
}
