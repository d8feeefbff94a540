import { close, fchmod, mkdir, open, write, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** Where bytes of a log end up: a file, a pipe, a terminal. */
export interface LogDestination {
  /** Writes some of the bytes and resolves to how many; rejects with a system error. */
  write(bytes: Uint8Array): Promise<number>;
  /** The same at once; throws a system error. */
  writeSync(bytes: Uint8Array): number;
  close(): Promise<void>;
}

/** The mode of `logs/cluster.log` (dapi.md 4.4). */
const LOG_FILE_MODE = 0o660;
const LOG_FOLDER_MODE = 0o770;

/** An open descriptor as a destination; descriptors 0 to 2 are never closed. */
export function descriptorDestination(descriptor: number): LogDestination {
  return {
    write: async (bytes) => (await promisify(write)(descriptor, bytes)).bytesWritten,
    writeSync: (bytes) => writeSync(descriptor, bytes),
    close: async () => {
      if (descriptor > 2) await promisify(close)(descriptor);
    },
  };
}

/**
 * Opens a log file for appending; makes the file (0660) and its folder when they are missing.
 *
 * @throws a system error when the file can't be opened
 */
export async function openLogFile(path: string): Promise<LogDestination> {
  await promisify(mkdir)(dirname(path), { recursive: true, mode: LOG_FOLDER_MODE });
  const descriptor = await promisify(open)(path, "a", LOG_FILE_MODE);
  // The process's umask may have taken bits away. Somebody else's file keeps its mode.
  await promisify(fchmod)(descriptor, LOG_FILE_MODE).catch(() => undefined);
  return descriptorDestination(descriptor);
}
