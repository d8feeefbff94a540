import type { FileProblem } from "../../../workers/jobs.js";
import type { Limits } from "../../config/Limits.js";
import { ConfinedFolders } from "../ConfinedFolders.js";
import type { Difference } from "../Difference.js";
import type { Disk } from "../Disk.js";
import type { FileEntry } from "../FileIndex.js";
import { FileFault, fileProblem } from "../fileProblem.js";
import type { ArchiveBounds, ArchiveFile } from "./ArchiveFormat.js";

/** Bytes that one listed path costs at most besides its content: headers and its part of the metadata. */
const BYTES_PER_PATH = 400;
/** The same per byte of the path: it stands in four records, and escaped in the metadata. */
const BYTES_PER_PATH_BYTE = 12;

type Group = "missing" | "shared";
const GROUPS: readonly Group[] = ["missing", "shared"];

/**
 * Which files of a difference go into its archive, settled against the disk before anything is
 * written, because the metadata must tell exactly what is there. A file that vanished since the
 * comparison leaves `missing`, and moves from `shared` to `extra` (protocol.md 6). That last step makes
 * the worker delete its copy, so only a file that is truly gone takes it: one that cannot be read, is
 * now a folder or a link, or whose whole item is gone (an unmounted disk, say) is left out and reported.
 */
export class PackPlan {
  readonly problems: FileProblem[] = [];
  private readonly disk: Disk;
  private readonly root: string;
  private readonly limits: Limits;
  private readonly folders: ConfinedFolders;
  private readonly files = new Map<string, ArchiveFile>();
  private groups: Record<Group, readonly FileEntry[]>;
  private extra: readonly FileEntry[];
  private readonly leftOut: string[] = [];
  private readonly mostBytes: number;
  private bytesLeft: number;
  private entriesLeft: number;

  constructor(disk: Disk, root: string, { limits, bounds }: { limits: Limits; bounds: ArchiveBounds }, difference: Difference) {
    this.disk = disk;
    this.root = root;
    this.limits = limits;
    this.folders = new ConfinedFolders(disk, root);
    this.groups = { missing: difference.missing, shared: difference.shared };
    this.extra = difference.extra;
    this.entriesLeft = Math.min(limits.archiveEntries, bounds.entries) - 1;
    this.mostBytes = Math.min(limits.archiveBytes, limits.transferBytes, bounds.bytes) - BYTES_PER_PATH;
    this.bytesLeft = this.mostBytes;
    for (const { path } of [...difference.extra, ...difference.extraValid]) this.bytesLeft -= costOf(path, 0);
  }

  /** Looks at every file; to be called once, after `reserve`. */
  settle(): void {
    for (const group of GROUPS) this.groups[group] = this.groups[group].filter((entry) => this.take(group, entry));
    const [first] = this.leftOut;
    if (first === undefined) return;
    const message = `this and ${this.leftOut.length - 1} more do not fit into one archive; the next round sends them`;
    this.problems.push({ path: first, code: "E2BIG", message });
  }

  /** Takes room for a file that goes into the archive besides the difference's own. */
  reserve(path: string, size: number): void {
    this.bytesLeft -= costOf(path, size);
    this.entriesLeft -= 1;
  }

  /** Takes out the files that could not be packed after all, by the same rules. */
  drop(failures: readonly FileProblem[]): void {
    const tooMuch = failures.filter(({ code }) => code === "E2BIG");
    const [first] = tooMuch;
    if (first !== undefined) this.problems.push({ ...first, message: `this and ${tooMuch.length - 1} more: ${first.message}` });
    const failed = new Map(failures.map((failure) => [failure.path, failure]));
    for (const group of GROUPS) {
      this.groups[group] = this.groups[group].filter((entry) => {
        const failure = failed.get(entry.path);
        if (failure !== undefined && failure.code !== "E2BIG") this.leave(group, entry, failure);
        return failure === undefined;
      });
    }
  }

  /** The files to pack, in the metadata's order. */
  archiveFiles(): ArchiveFile[] {
    return [...this.groups.missing, ...this.groups.shared].flatMap(({ path }) => this.files.get(path) ?? []);
  }

  /** The groups as they are now. */
  settled(): Pick<Difference, "missing" | "shared" | "extra"> {
    return { ...this.groups, extra: this.extra };
  }

  private take(group: Group, entry: FileEntry): boolean {
    try {
      const file = this.folders.file(entry.path);
      const status = this.disk.lstatSync(file);
      if (!status.isFile()) throw new FileFault("EINVAL", "it is no regular file any more");
      if (status.size > this.limits.archiveEntryBytes) {
        throw new FileFault("EFBIG", `it has ${status.size} bytes; the limit (archiveEntryBytes) is ${this.limits.archiveEntryBytes}`);
      }
      const cost = costOf(entry.path, status.size);
      if (cost > this.mostBytes) throw new FileFault("EFBIG", `it has ${status.size} bytes: it fits into no archive`);
      if (cost > this.bytesLeft || this.entriesLeft === 0) {
        this.leftOut.push(entry.path);
        return false;
      }
      this.bytesLeft -= cost;
      this.entriesLeft -= 1;
      this.files.set(entry.path, { path: entry.path, file, modTime: status.mtimeMs, mode: status.mode });
      return true;
    } catch (error) {
      this.leave(group, entry, fileProblem(entry.path, error));
      return false;
    }
  }

  private leave(group: Group, entry: FileEntry, problem: FileProblem): void {
    if (!this.isGone(entry, problem)) this.problems.push(problem);
    else if (group === "shared") this.extra = [...this.extra, entry];
  }

  /** Whether the file is no more, while the folder of its item still is. */
  private isGone({ path, itemKey }: FileEntry, { code }: FileProblem): boolean {
    if (code !== "ENOENT" && this.disk.lstatSync(`${this.root}/${path}`, { throwIfNoEntry: false }) !== undefined) return false;
    return this.disk.lstatSync(`${this.root}/${itemKey.slice(0, -1)}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
  }
}

function costOf(path: string, size: number): number {
  return size + BYTES_PER_PATH + BYTES_PER_PATH_BYTE * Buffer.byteLength(path);
}
