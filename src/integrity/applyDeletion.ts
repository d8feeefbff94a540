import type { ClusterItems } from "../config/ClusterItems.js";
import { folderOf, type ConfinedFolders } from "./ConfinedFolders.js";
import type { Disk } from "./Disk.js";
import { FileFault } from "./fileProblem.js";
import { classify, isExcludedName } from "./items.js";
import { systemCodeOf } from "./systemCode.js";

/** Removes files that only this node has, and the folders that this leaves empty (protocol.md 6). */
export class Deleter {
  private readonly disk: Disk;
  private readonly root: string;
  private readonly items: ClusterItems;
  private readonly folders: ConfinedFolders;
  /** Folders that lost a file and may now be empty → their item's folder, which stays. */
  private readonly emptied = new Map<string, string>();

  constructor(disk: Disk, root: string, items: ClusterItems, folders: ConfinedFolders) {
    this.disk = disk;
    this.root = root;
    this.items = items;
    this.folders = folders;
  }

  /**
   * Removes one file. Returns false when there was none.
   *
   * @throws an error with code EPERM when no item covers the path, or EISDIR when it is a folder;
   *   MusterError 3000 when a folder on the way is a link; the system's error.
   */
  remove(path: string): boolean {
    const match = classify(this.items, path);
    if (match === undefined) throw new FileFault("EPERM", "no item of this node's cluster.json covers it: it is not deleted");
    const status = this.disk.lstatSync(`${this.root}/${path}`, { throwIfNoEntry: false });
    if (match.item.removeSubdirsIfEmpty) this.emptied.set(folderOf(path), folderOf(match.itemKey));
    if (status === undefined) return false;
    if (status.isDirectory()) throw new FileFault("EISDIR", "a folder stands in its place: it is not deleted");
    try {
      this.disk.unlinkSync(this.folders.file(path));
      return true;
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /**
   * Removes the folders that lost their last file, upwards to their item's own, which stays. A folder
   * that holds only excluded files counts as empty; they go with it.
   */
  removeEmptiedFolders(): void {
    for (const [folder, last] of this.emptied) {
      let current = folder;
      while (current.length > last.length && this.removeIfEmpty(current)) current = folderOf(current);
    }
    this.emptied.clear();
  }

  /** Removes a folder tree that holds no file at all, where a file must take its place; leaves others alone. */
  removeHollowTree(path: string): void {
    const folder = this.folders.file(path);
    for (const { name } of this.disk.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      this.removeHollowTree(`${path}/${name}`);
    }
    if (this.disk.readdirSync(folder).length === 0) this.removeFolder(path);
  }

  private removeIfEmpty(path: string): boolean {
    try {
      const folder = this.folders.file(path);
      const names = this.disk.readdirSync(folder, { withFileTypes: true });
      if (!names.every((entry) => entry.isFile() && isExcludedName(this.items, entry.name))) return false;
      for (const { name } of names) this.disk.unlinkSync(`${folder}/${name}`);
      this.removeFolder(path);
      return true;
    } catch {
      // It is gone, or it stays: an empty folder harms nobody, and holds no file that a problem could name.
      return false;
    }
  }

  private removeFolder(path: string): void {
    this.disk.rmdirSync(this.folders.file(path));
    this.folders.forget(path);
  }
}
