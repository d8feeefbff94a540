import { confinedPath } from "./confinedPath.js";
import type { Disk } from "./Disk.js";

/**
 * `confinedPath` for many files of one job: each folder is checked once. What a job itself takes away
 * it must tell with `forget`.
 */
export class ConfinedFolders {
  private readonly disk: Disk;
  private readonly root: string;
  private readonly checked = new Set<string>();

  constructor(disk: Disk, root: string) {
    this.disk = disk;
    this.root = root;
  }

  /**
   * The absolute path of a file whose folders are all real directories.
   *
   * @param path relative and plain: `classify` accepted it, or it is made of validated names.
   * @throws MusterError 3000 as `confinedPath`.
   */
  file(path: string): string {
    const folder = folderOf(path);
    if (!this.checked.has(folder)) {
      confinedPath(this.disk, this.root, path);
      this.checked.add(folder);
    }
    return `${this.root}/${path}`;
  }

  /**
   * Makes the folders that `path` still lacks, and tells each, absolute, to `made`. Stops silently at
   * a link or a file in its way: `file` then says what is wrong.
   *
   * @throws the system's error when a folder cannot be made.
   */
  makeParents(path: string, mode: number, made: (folder: string) => void): void {
    if (this.checked.has(folderOf(path))) return;
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const folder = `${this.root}/${path.slice(0, end)}`;
      const status = this.disk.lstatSync(folder, { throwIfNoEntry: false });
      if (status !== undefined && !status.isDirectory()) return;
      if (status !== undefined) continue;
      this.disk.mkdirSync(folder, { mode });
      // The mode of mkdir is cut by the process's umask.
      this.disk.chmodSync(folder, mode);
      made(folder);
    }
  }

  /** Drops what is known of a folder that was taken away, and of all below it. */
  forget(folder: string): void {
    for (const known of this.checked) {
      if (known === folder || known.startsWith(`${folder}/`)) this.checked.delete(known);
    }
  }
}

/** The folder of a path, without a trailing slash; empty for a bare name. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
