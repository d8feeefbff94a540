import type { Disk } from "./Disk.js";
import { openNewFile } from "./openNewFile.js";
import { writeFully } from "./writeFully.js";

/**
 * Writes a small file that did not exist, mode 0600.
 *
 * @throws the system's error; as `openNewFile`. A part of the file may then be there.
 */
export function writeNewFile(disk: Disk, file: string, content: Uint8Array): void {
  const descriptor = openNewFile(disk, file);
  try {
    writeFully(disk, descriptor, content);
  } finally {
    disk.closeSync(descriptor);
  }
}
