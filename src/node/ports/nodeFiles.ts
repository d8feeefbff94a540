import { createHash } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { lstat, open, opendir, readFile, realpath, stat, type FileHandle } from "node:fs/promises";
import { join, sep } from "node:path";
import type { NodeFiles } from "../../dapi/CatalogueFunction.js";

/** Largest file that is read as a whole when the reader names no limit, in bytes. */
const LARGEST_TEXT = 32 * 1024 * 1024;

/** Most names of one folder that are listed. */
const MOST_NAMES = 100_000;

/** Names that are read from a folder at once: each reading is a trip to another thread. */
const NAMES_AT_ONCE = 512;

/** Bytes that are hashed at once. */
const HASH_PIECE = 256 * 1024;

const NOT_THERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/**
 * Files under `root`. A path is taken as it is after all links are followed: one that ends outside the root is refused
 * with EACCES, and so is anything but a plain file where contents are asked for (quality.md 2).
 *
 * @param root absolute
 */
export function nodeFiles(root: string): NodeFiles {
  return {
    async readText(path, { maxBytes = LARGEST_TEXT } = {}) {
      return withFile(root, path, async (handle, size) => {
        if (size > maxBytes) throw failure("EFBIG", path, `has ${size} bytes; at most ${maxBytes} are read`);
        const bytes = await readRange(handle, 0, maxBytes + 1, size);
        if (bytes.length > maxBytes) throw failure("EFBIG", path, `has grown beyond ${maxBytes} bytes`);
        return bytes.toString("utf8");
      });
    },

    async readTail(path, maxBytes) {
      return withFile(root, path, async (handle, size) => {
        const start = Math.max(0, size - maxBytes);
        // The byte before tells whether the tail begins with a line.
        const bytes = await readRange(handle, Math.max(0, start - 1), size - Math.max(0, start - 1), size);
        if (start === 0) return bytes.toString("utf8");
        const end = bytes.indexOf("\n");
        return end === -1 ? "" : bytes.subarray(end + 1).toString("utf8");
      });
    },

    async list(path) {
      try {
        const names: { name: string; isFile: boolean; isFolder: boolean }[] = [];
        for await (const entry of await opendir(await confined(root, path), { bufferSize: NAMES_AT_ONCE })) {
          names.push({ name: entry.name, ...(await kindOf(root, path, entry)) });
          if (names.length === MOST_NAMES) break;
        }
        return names.sort((one, other) => (one.name < other.name ? -1 : 1));
      } catch (error) {
        if (isNotThere(error)) return [];
        throw error;
      }
    },

    async stat(path) {
      try {
        const status = await stat(await confined(root, path));
        return { size: status.size, modified: status.mtime, isFile: status.isFile() };
      } catch (error) {
        if (isNotThere(error)) return undefined;
        throw error;
      }
    },

    async hash(path, algorithm) {
      return withFile(root, path, async (handle) => {
        const hash = createHash(algorithm);
        const piece = Buffer.allocUnsafe(HASH_PIECE);
        for (;;) {
          const { bytesRead } = await handle.read(piece, 0, piece.length, null);
          if (bytesRead === 0) return hash.digest("hex");
          hash.update(piece.subarray(0, bytesRead));
        }
      });
    },

    async processRuns(pid) {
      if (!Number.isSafeInteger(pid) || pid <= 0) return false;
      try {
        // Ended and not yet collected by its parent (Z) or being removed (X): such a process runs no more.
        return !/^State:\s+[ZX]/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
      } catch (error) {
        if (isNotThere(error) || codeOf(error) === "ESRCH") return false;
        throw error;
      }
    },
  };
}

/**
 * The real path of something under `root`, all links followed.
 *
 * @throws an error with `code`: EACCES when it lies outside, else the system's
 */
export async function confined(root: string, path: string): Promise<string> {
  if (path.includes("\0") || path.startsWith("/") || path.split("/").includes("..")) {
    throw failure("EACCES", path, "is no path below the node's root");
  }
  const home = await realpath(root);
  const real = await realpath(join(home, path));
  if (real !== home && !real.startsWith(home === sep ? sep : home + sep)) {
    throw failure("EACCES", path, "is a link out of the node's root");
  }
  return real;
}

/** An error of the system's form: with `code`, and a message that names the path as it was asked for. */
export function failure(code: string, path: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${JSON.stringify(path)} ${what}`), { code });
}

async function withFile<Result>(
  root: string,
  path: string,
  use: (handle: FileHandle, size: number) => Promise<Result>,
): Promise<Result> {
  const real = await confined(root, path);
  // Without waiting: a named pipe would hold up the opening for ever.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw failure(status.isDirectory() ? "EISDIR" : "EINVAL", path, "is not a plain file");
    return await use(handle, status.size);
  } finally {
    await handle.close();
  }
}

/** Up to `length` bytes from `start` on; `expected` is the file's size, for the first buffer. */
async function readRange(handle: FileHandle, start: number, length: number, expected: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(Math.max(1, Math.min(length, expected - start + 1)));
  let filled = 0;
  while (filled < length) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], Math.min(length, buffer.length * 2));
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** What a name in a folder leads to; neither when it is a link out of the root or to nothing. */
async function kindOf(root: string, folder: string, entry: Dirent): Promise<{ isFile: boolean; isFolder: boolean }> {
  if (!entry.isSymbolicLink()) return { isFile: entry.isFile(), isFolder: entry.isDirectory() };
  try {
    const status = await lstat(await confined(root, `${folder}/${entry.name}`));
    return { isFile: status.isFile(), isFolder: status.isDirectory() };
  } catch {
    return { isFile: false, isFolder: false };
  }
}

function isNotThere(error: unknown): boolean {
  return NOT_THERE.has(codeOf(error) ?? "");
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
