import type { Disk } from "./Disk.js";

/**
 * Writes all of `bytes` at the descriptor's position, however the system cuts it. Returns their count.
 *
 * @throws the system's error, for example ENOSPC; a part may then have been written.
 */
export function writeFully(disk: Disk, descriptor: number, bytes: Uint8Array): number {
  let offset = 0;
  while (offset < bytes.length) {
    offset += disk.writeSync(descriptor, bytes, offset, bytes.length - offset, null);
  }
  return bytes.length;
}
