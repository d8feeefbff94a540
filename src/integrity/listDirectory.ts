import { isUtf8 } from "node:buffer";
import { comparePaths } from "./comparePaths.js";
import type { Disk, DirectoryEntry } from "./Disk.js";

const NOT_ASCII = /[^\0-\x7f]/;

/** What Node puts in place of bytes that are no UTF-8. It may also stand in a name itself. */
const REPLACEMENT = "\ufffd";

/**
 * The entries of a directory, sorted so that a walk through them meets whole paths in the order of
 * their bytes: a folder sorts as its name with a slash. Names that are no UTF-8 are left out and
 * handed to `refuse`, in readable form.
 *
 * @throws the system's error when the directory cannot be listed.
 */
export function listDirectory(disk: Disk, directory: string, refuse: (shown: string) => void): DirectoryEntry[] {
  let entries = disk.readdirSync(directory, { withFileTypes: true });
  if (entries.some(({ name }) => name.includes(REPLACEMENT))) entries = listByBytes(disk, directory, refuse);
  // Most systems list in order already, and most folders hold files alone: then nothing is to be done.
  return isSorted(entries) ? entries : entries.sort((left, right) => comparePaths(sortName(left), sortName(right)));
}

/** Lists again by bytes, which alone tell a broken name from one that holds the replacement character. */
function listByBytes(disk: Disk, directory: string, refuse: (shown: string) => void): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (const entry of disk.readdirSync(directory, { withFileTypes: true, encoding: "buffer" })) {
    if (isUtf8(entry.name)) entries.push(withTextName(entry));
    else refuse(entry.name.toString("utf8"));
  }
  return entries;
}

function withTextName(entry: DirectoryEntry<Buffer>): DirectoryEntry {
  return {
    name: entry.name.toString("utf8"),
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
    isSymbolicLink: () => entry.isSymbolicLink(),
  };
}

function isSorted(entries: readonly DirectoryEntry[]): boolean {
  let last = "";
  for (const entry of entries) {
    const name = sortName(entry);
    if (NOT_ASCII.test(name) || name < last) return false;
    last = name;
  }
  return true;
}

function sortName(entry: DirectoryEntry): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}
