import { MusterError } from "../protocol/errors/MusterError.js";
import type { Disk } from "./Disk.js";
import { isPlainPath } from "./items.js";
import { systemCodeOf } from "./systemCode.js";

/** The catalogue's general cluster error: its extra message carries what, where and what to do. */
const UNSAFE_PATH = 3000;

/**
 * The absolute path of `path` (relative, '/'-separated) below `root`, after checking that every
 * directory between the two is a real one. `root` itself is trusted and may be a link. The last name
 * is not looked at: open it with O_NOFOLLOW, or replace or unlink it, none of which follows a link.
 *
 * @throws MusterError 3000 when the path is not a plain one (absolute, `..`, backslash, NUL) or when a
 *   parent is a symbolic link or no directory; its cause is the system's error where there is one.
 */
export function confinedPath(disk: Disk, root: string, path: string): string {
  if (!isPlainPath(path)) throw MusterError.cluster(UNSAFE_PATH, `unsafe path ${JSON.stringify(path)}`);
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    requireRealDirectory(disk, root, path.slice(0, end), path);
  }
  return `${root}/${path}`;
}

function requireRealDirectory(disk: Disk, root: string, folder: string, path: string): void {
  const kind = kindOf(disk, root, folder, path);
  if (kind === "directory") return;
  const found = { link: "is a symbolic link", other: "is not a directory", missing: "does not exist" }[kind];
  throw MusterError.cluster(UNSAFE_PATH, `unsafe path ${JSON.stringify(path)}: ${JSON.stringify(folder)} ${found}`);
}

function kindOf(disk: Disk, root: string, folder: string, path: string): "directory" | "link" | "other" | "missing" {
  try {
    const status = disk.lstatSync(`${root}/${folder}`, { throwIfNoEntry: false });
    if (status === undefined) return "missing";
    if (status.isDirectory()) return "directory";
    return status.isSymbolicLink() ? "link" : "other";
  } catch (cause) {
    throw unusable(folder, path, cause);
  }
}

function unusable(folder: string, path: string, cause: unknown): MusterError {
  const reason = `${JSON.stringify(folder)} cannot be used (${systemCodeOf(cause) ?? String(cause)})`;
  return MusterError.cluster(UNSAFE_PATH, `unsafe path ${JSON.stringify(path)}: ${reason}`, { cause });
}
