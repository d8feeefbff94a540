import type { Disk } from "./Disk.js";

/**
 * Makes a file of mode 0600 that did not exist, and opens it for writing. No link is followed.
 *
 * @throws the system's error; EEXIST when there is anything of that name already.
 */
export function openNewFile(disk: Disk, file: string): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = disk.constants;
  return disk.openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
}
