import type { ConfinedFolders } from "./ConfinedFolders.js";
import type { Disk, FileStatus } from "./Disk.js";
import { FileFault } from "./fileProblem.js";
import { systemCodeOf } from "./systemCode.js";
import { writeFully } from "./writeFully.js";

/** Mode of the folders that are made for a file (seen in the recorded trees). */
const FOLDER_MODE = 0o770;

/**
 * Name of the copy that stands beside its target until it takes its name, where a rename cannot do
 * it alone. `.tmp` is an excluded ending; a copy that a crash left behind is replaced by the next one.
 */
const COPY_NAME = ".muster-incoming.tmp";

const PIECE_BYTES = 256 * 1024;

/** Who is to own what is written. */
export interface Ownership {
  readonly user: number;
  readonly group: number;
}

export interface Placement {
  /** Permission bits of the file's item. */
  readonly permissions: number;
  /** Seconds since the epoch; left as it is when absent. */
  readonly modTime?: number;
}

/**
 * Who owns the node's files: whoever owns `<root>/etc`. Undefined when this process could not give
 * files away, that is, when it is not the superuser, as the owner of `made` (a file or folder of its
 * own making) tells.
 */
export function ownershipFor(disk: Disk, root: string, made: string): Ownership | undefined {
  const own = ownerOf(disk.lstatSync(made));
  const model = disk.lstatSync(`${root}/etc`, { throwIfNoEntry: false }) ?? disk.statSync(root);
  return own?.user === 0 ? ownerOf(model) : undefined;
}

/**
 * Puts unpacked files in their places. Each takes its place by one rename, complete, with its mode and
 * owner: whenever the process ends, a target has its old content or its new one.
 */
export class Placer {
  private readonly disk: Disk;
  private readonly folders: ConfinedFolders;
  private readonly ownership: Ownership | undefined;

  constructor(disk: Disk, folders: ConfinedFolders, ownership: Ownership | undefined) {
    this.disk = disk;
    this.folders = folders;
    this.ownership = ownership;
  }

  /**
   * Moves `unpacked` (absolute, a file of this process's own) to `path`, making its folders.
   *
   * @param path relative to the root and plain; `classify` accepted it.
   * @throws MusterError 3000 when a folder on the way is none or a link; an error with code EISDIR when a
   *   folder stands in the place; the system's error. The target is then as it was.
   */
  place(unpacked: string, path: string, { permissions, modTime }: Placement): "created" | "overwritten" {
    this.folders.makeParents(path, FOLDER_MODE, (folder) => this.own(folder));
    const target = this.folders.file(path);
    const existing = this.disk.lstatSync(target, { throwIfNoEntry: false });
    if (existing?.isDirectory() === true) throw new FileFault("EISDIR", "a folder with other files stands in its place");
    this.finish(unpacked, permissions, modTime);
    try {
      this.disk.renameSync(unpacked, target);
    } catch (error) {
      if (systemCodeOf(error) !== "EXDEV") throw error;
      this.copyInto(unpacked, target, { permissions, ...(modTime === undefined ? {} : { modTime }) });
    }
    return existing === undefined ? "created" : "overwritten";
  }

  private finish(file: string, permissions: number, modTime: number | undefined): void {
    this.own(file);
    this.disk.chmodSync(file, permissions);
    if (modTime !== undefined) this.disk.utimesSync(file, modTime, modTime);
  }

  /** The unpacked file lies on another file system: a copy in the target's folder takes the name instead. */
  private copyInto(unpacked: string, target: string, { permissions, modTime }: Placement): void {
    const copy = `${target.slice(0, target.lastIndexOf("/"))}/${COPY_NAME}`;
    const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = this.disk.constants;
    this.disk.rmSync(copy, { force: true });
    const from = this.disk.openSync(unpacked, O_RDONLY | O_NOFOLLOW);
    try {
      const to = this.disk.openSync(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        this.copyContent(from, to);
      } finally {
        this.disk.closeSync(to);
      }
      this.finish(copy, permissions, modTime);
      this.disk.renameSync(copy, target);
    } catch (error) {
      this.disk.rmSync(copy, { force: true });
      throw error;
    } finally {
      this.disk.closeSync(from);
    }
    this.disk.unlinkSync(unpacked);
  }

  private copyContent(from: number, to: number): void {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (;;) {
      const read = this.disk.readSync(from, piece, 0, piece.length, null);
      if (read === 0) return;
      writeFully(this.disk, to, piece.subarray(0, read));
    }
  }

  private own(path: string): void {
    if (this.ownership === undefined) return;
    const { O_RDONLY, O_NOFOLLOW } = this.disk.constants;
    const descriptor = this.disk.openSync(path, O_RDONLY | O_NOFOLLOW);
    try {
      this.disk.fchownSync(descriptor, this.ownership.user, this.ownership.group);
    } finally {
      this.disk.closeSync(descriptor);
    }
  }
}

/** A file's owner, where the disk tells it: `node:fs` does. */
function ownerOf(status: FileStatus): Ownership | undefined {
  if (!("uid" in status) || !("gid" in status)) return undefined;
  const { uid, gid } = status;
  return typeof uid === "number" && typeof gid === "number" ? { user: uid, group: gid } : undefined;
}
