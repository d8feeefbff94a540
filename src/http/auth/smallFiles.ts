import { randomUUID } from "node:crypto";
import { constants, link, lstat, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that only the node's user may read. */
const PRIVATE_MODE = 0o600;

/** Larger files are none of ours. */
const LARGEST_SMALL_FILE = 4 * 1024 * 1024;

/**
 * Text of one of the HTTP API's own files; undefined when it is not there. No link is followed.
 *
 * @throws Error when it is something else than a file of reasonable size, or can't be read
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > LARGEST_SMALL_FILE) {
      throw new Error(`${path} is no file of at most ${LARGEST_SMALL_FILE} bytes`);
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Puts a file of mode 0600 in the place of the one that was there, at once and on the disk. */
export async function replaceSmallFile(path: string, text: string): Promise<void> {
  await withTemporary(path, text, (temporary) => rename(temporary, path));
  await syncFolder(path);
}

/**
 * Makes a file of mode 0600 with its whole content at once, unless there is one: then that one stays.
 *
 * @returns whether it was made
 */
export async function createSmallFile(path: string, text: string): Promise<boolean> {
  const made = await withTemporary(path, text, async (temporary) => {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  });
  await syncFolder(path);
  return made;
}

async function withTemporary<Result>(path: string, text: string, use: (path: string) => Promise<Result>): Promise<Result> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", PRIVATE_MODE);
    try {
      await keepOwner(file, path);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return await use(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A file that root writes stays that of the node's user: of the file before it, or of its folder. */
async function keepOwner(file: FileHandle, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await lstat(path).catch(() => stat(dirname(path)));
  await file.chown(uid, gid);
}

/** A new name is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
