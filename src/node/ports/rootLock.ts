import { close, ftruncate, mkdir, open, read, write } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { lastErrorCode, loadLibc } from "./libc.js";

/** The file that a running node holds, relative to the root; it tells the node's process id. */
const LOCK_FILE = "var/run/muster.lock";
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o770;
/** `flock(2)` */
const LOCK_EXCLUSIVE = 2;
const DONT_WAIT = 4;
/** Bytes of the file that are read; it holds one number. */
const LONGEST_CONTENT = 32;

/** A root that no other node can run in. */
export interface RootLock {
  /** Also the end of the process releases it, however it comes. */
  release(): Promise<void>;
}

/**
 * Takes a root for this process. The system holds the lock and drops it with the process, so that a crash leaves
 * nothing that would have to be cleaned, and no process id that somebody else has got meanwhile.
 *
 * @throws MusterError 1000 when another process has it: the text names it
 */
export async function lockRoot(root: string, pid: number): Promise<RootLock> {
  const path = join(root, LOCK_FILE);
  await promisify(mkdir)(dirname(path), { recursive: true, mode: FOLDER_MODE });
  // A plain descriptor: a FileHandle that is not looked at any more would be closed, and the lock with it.
  const descriptor = await promisify(open)(path, "a+", FILE_MODE);
  const release = (): Promise<void> => promisify(close)(descriptor);
  try {
    if (!tryLock(descriptor)) {
      const holder = await contentOf(descriptor);
      const who = holder === "" ? "another process" : `process ${holder}`;
      throw MusterError.internal(1000, `a node runs in ${root} already: ${who} holds ${path}. Stop it first`);
    }
    await promisify(ftruncate)(descriptor, 0);
    await promisify(write)(descriptor, Buffer.from(`${String(pid)}\n`));
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

/** Whether a process holds the lock of a root now; its id if it does. */
export async function lockHolder(root: string): Promise<number | undefined> {
  const descriptor = await promisify(open)(join(root, LOCK_FILE), "r").catch(() => undefined);
  if (descriptor === undefined) return undefined;
  try {
    if (tryLock(descriptor)) return undefined;
    const pid = Number(await contentOf(descriptor));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } finally {
    await promisify(close)(descriptor);
  }
}

function tryLock(descriptor: number): boolean {
  const flock = loadLibc("a root can't be locked").func("int flock(int, int)") as (fd: number, operation: number) => number;
  if (flock(descriptor, LOCK_EXCLUSIVE | DONT_WAIT) === 0) return true;
  const code = lastErrorCode();
  if (code === "EAGAIN" || code === "EWOULDBLOCK") return false;
  throw MusterError.internal(1000, `the root's lock can't be taken (${code})`);
}

async function contentOf(descriptor: number): Promise<string> {
  const { bytesRead, buffer } = await promisify(read)(descriptor, Buffer.alloc(LONGEST_CONTENT), 0, LONGEST_CONTENT, 0);
  return buffer.toString("latin1", 0, bytesRead).trim();
}
