import { isUtf8 } from "node:buffer";
import type { Disk, DirectoryEntry } from "./Disk.js";

/** What Node puts in place of bytes that are no UTF-8. It may also stand in a name itself. */
const REPLACEMENT = "\ufffd";

/**
 * The entries of a directory. Names that are no UTF-8 are left out and handed to `refuse`, in readable
 * form.
 *
 * @throws the system's error when the directory cannot be listed.
 */
export function listDirectory(disk: Disk, directory: string, refuse: (shown: string) => void): DirectoryEntry[] {
  const entries = disk.readdirSync(directory, { withFileTypes: true });
  return entries.some(({ name }) => name.includes(REPLACEMENT)) ? listByBytes(disk, directory, refuse) : entries;
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
