import type { NodeScope } from "../../workers/jobs.js";
import type { FileItem } from "../config/ClusterItems.js";
import { comparePaths } from "./comparePaths.js";
import type { Disk, DirectoryEntry, FileStatus } from "./Disk.js";
import type { FileIndex } from "./FileIndex.js";
import { isNeverSynchronised, isPlainName, isWantedName, itemOfKey } from "./items.js";
import { listDirectory } from "./listDirectory.js";
import type { Problems } from "./Problems.js";
import { isVanished } from "./systemCode.js";

/** What the walk found at a path of which the previous index, if any, does not say the truth. */
export interface Found {
  readonly path: string;
  readonly itemKey: string;
  /** The file's status, for files that the previous index knew otherwise; new ones are looked at when they are hashed. */
  readonly status?: FileStatus;
  readonly withheld: boolean;
}

const NO_THROW = { throwIfNoEntry: false } as const;

/** Lists the files of all items, each compared with its row in the previous index. */
export class TreeWalker {
  /** Rows of the previous index that still say the truth. */
  readonly unchanged: number[] = [];
  readonly found: Found[] = [];
  /** The row that the next file most likely has: systems list names in the order of their bytes, as the index is sorted. */
  private cursor = 0;

  constructor(
    private readonly disk: Disk,
    private readonly scope: NodeScope,
    private readonly previous: FileIndex | undefined,
    private readonly problems: Problems,
  ) {}

  walkItems(): void {
    for (const itemKey of Object.keys(this.scope.items.files).sort(comparePaths)) {
      const item = itemOfKey(this.scope.items, itemKey);
      if (item !== undefined && this.isRealDirectory(itemKey)) this.walkFolder(itemKey, itemKey, item);
    }
  }

  /** Whether the tree holds exactly what the previous index says. */
  foundNothingNew(): boolean {
    return this.previous !== undefined && this.found.length === 0 && this.unchanged.length === presentRows(this.previous);
  }

  /** Whether every directory from the root down to the item's is there, and no link. */
  private isRealDirectory(itemKey: string): boolean {
    for (let end = itemKey.indexOf("/"); end !== -1; end = itemKey.indexOf("/", end + 1)) {
      const folder = itemKey.slice(0, end);
      try {
        const status = this.disk.lstatSync(`${this.scope.root}/${folder}`, NO_THROW);
        if (status === undefined) return false;
        if (status.isDirectory()) continue;
        this.problems.add(folder, "ENOTDIR", `${folder} is ${status.isSymbolicLink() ? "a link" : "no directory"}: the item ${itemKey} is not synchronised`);
      } catch (error) {
        if (isVanished(error)) return false;
        this.problems.addError(folder, `the item ${itemKey} is not synchronised`, error);
      }
      this.withhold(itemKey.slice(0, -1), itemKey);
      return false;
    }
    return true;
  }

  /** @param folder with its trailing slash. */
  private walkFolder(folder: string, itemKey: string, item: FileItem): void {
    const { items, root } = this.scope;
    const directory = `${root}/${folder}`;
    const nestedItems = this.itemsIn(folder);
    for (const entry of this.list(folder, itemKey)) {
      const { name } = entry;
      const path = folder + name;
      if (nestedItems.includes(name)) continue;
      if (entry.isDirectory()) {
        if (item.recursive && this.mayTravel(path, name)) this.walkFolder(`${path}/`, itemKey, item);
        continue;
      }
      const wanted = isWantedName(items, item, name) && !isNeverSynchronised(path);
      if (entry.isFile()) {
        if (wanted) this.addFile(path, name, directory + name, itemKey);
      } else if (wanted || (item.recursive && entry.isSymbolicLink())) {
        this.addOddity(path, itemKey, entry);
      }
    }
  }

  /** Names in the folder that are other items' own: whatever stands there, those items tell. */
  private itemsIn(folder: string): readonly string[] {
    const inside = Object.keys(this.scope.items.files).filter((key) => key.startsWith(folder) && key !== folder);
    return inside.map((key) => key.slice(folder.length, -1)).filter((name) => !name.includes("/"));
  }

  /** The folder's names; nothing when it vanished. */
  private list(folder: string, itemKey: string): DirectoryEntry[] {
    try {
      return listDirectory(this.disk, `${this.scope.root}/${folder.slice(0, -1)}`, (shown) => {
        this.problems.add(folder + shown, "EILSEQ", "the name is not UTF-8: the file is not synchronised");
      });
    } catch (error) {
      if (!isVanished(error)) {
        this.problems.addError(folder, "the folder cannot be listed: its files are not synchronised", error);
        this.withhold(folder.slice(0, -1), itemKey);
      }
      return [];
    }
  }

  private mayTravel(path: string, name: string): boolean {
    if (isPlainName(name)) return true;
    this.problems.add(path, "EILSEQ", "a name with a backslash is not synchronised: rename it");
    return false;
  }

  private addFile(path: string, name: string, absolutePath: string, itemKey: string): void {
    const slot = this.previousSlot(path);
    if (slot === undefined || this.previous === undefined) {
      if (this.mayTravel(path, name)) this.found.push({ path, itemKey, withheld: false });
      return;
    }
    let status: FileStatus | undefined;
    try {
      status = this.disk.lstatSync(absolutePath, NO_THROW);
    } catch (error) {
      if (isVanished(error)) return;
      this.problems.addError(path, "the file cannot be looked at", error);
      return this.withhold(path, itemKey);
    }
    if (status === undefined) return;
    if (!status.isFile()) return this.addOddity(path, itemKey, status);
    if (!isUnchanged(this.previous, slot, status, itemKey)) {
      this.found.push({ path, itemKey, status, withheld: false });
      return;
    }
    if (this.previous.isWithheld(slot)) this.problems.add(path, "EACCES", "the file still cannot be read: it is not synchronised");
    this.unchanged.push(slot);
  }

  private addOddity(path: string, itemKey: string, entry: { isSymbolicLink(): boolean }): void {
    const kind = entry.isSymbolicLink() ? "a symbolic link" : "no regular file";
    this.problems.add(path, entry.isSymbolicLink() ? "ELOOP" : "EINVAL", `${kind}: it is not synchronised`);
    this.withhold(path, itemKey);
  }

  private withhold(path: string, itemKey: string): void {
    const slot = this.previousSlot(path);
    const known = slot !== undefined && this.previous?.isWithheld(slot) === true && this.previous.changeTime(slot) === 0;
    if (known) this.unchanged.push(slot);
    else this.found.push({ path, itemKey, withheld: true });
  }

  private previousSlot(path: string): number | undefined {
    if (this.previous === undefined) return undefined;
    let slot: number | undefined = this.cursor;
    if (slot >= this.previous.slots || this.previous.path(slot) !== path) slot = this.previous.slotOf(path);
    if (slot !== undefined) this.cursor = slot + 1;
    return slot;
  }
}

function isUnchanged(previous: FileIndex, slot: number, status: FileStatus, itemKey: string): boolean {
  return (
    (previous.isFile(slot) || previous.isWithheld(slot)) &&
    !previous.needsHash(slot) &&
    previous.changeTime(slot) === status.ctimeMs &&
    previous.modTime(slot) === status.mtimeMs / 1000 &&
    previous.fileSize(slot) === status.size &&
    previous.itemKey(slot) === itemKey
  );
}

function presentRows(index: FileIndex): number {
  let present = 0;
  for (let slot = 0; slot < index.slots; slot++) if (index.isFile(slot) || index.isWithheld(slot)) present++;
  return present;
}
