import type { Clock, RandomSource } from "../protocol/Clock.js";

/** Where transfers of a node live, relative to root (protocol.md 6). */
export function transferFolder(nodeName: string): string {
  return `queue/cluster/${nodeName}`;
}

/** A fresh archive's path relative to root: `queue/cluster/<worker>/<worker>-<seconds>-<digits>.zip`. */
export function archivePath(workerName: string, clock: Clock, random: RandomSource): string {
  const seconds = (clock.wallTime() / 1000).toFixed(6);
  const digits = `${String(random.uint32())}${String(random.uint32()).padStart(10, "0")}`;
  return `${transferFolder(workerName)}/${workerName}-${seconds}-${digits}.zip`;
}

/** May a peer write this path? Only plain names right in its own transfer folder (quality.md 2). */
export function isTransferPath(path: string, nodeName: string): boolean {
  const folder = `${transferFolder(nodeName)}/`;
  if (!path.startsWith(folder)) return false;
  const name = path.slice(folder.length);
  return /^[A-Za-z0-9._-]{1,255}$/.test(name) && name !== "." && name !== "..";
}
