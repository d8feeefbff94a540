import type { Disk } from "./Disk.js";

/**
 * Writes all of `bytes`, however the system cuts it: at `position`, or where the descriptor stands.
 * Returns their count.
 *
 * @throws the system's error, for example ENOSPC; a part may then have been written.
 */
export function writeFully(disk: Disk, descriptor: number, bytes: Uint8Array, position?: number): number {
  let offset = 0;
  while (offset < bytes.length) {
    offset += disk.writeSync(descriptor, bytes, offset, bytes.length - offset, position === undefined ? null : position + offset);
  }
  return bytes.length;
}
