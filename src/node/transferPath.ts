import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";

/** Where transfers of a node live, relative to root (protocol.md 6). */
export function transferFolder(nodeName: string): string {
  return `queue/cluster/${nodeName}`;
}

/** A fresh archive's path relative to root: `queue/cluster/<worker>/<worker>-<seconds>-<random part>.zip`. */
export function archivePath(workerName: string, clock: Clock, random: RandomSource, { archiveName }: Pick<Dialect, "archiveName">): string {
  const seconds = (clock.wallTime() / 1000).toFixed(6);
  return `${transferFolder(workerName)}/${workerName}-${seconds}-${RANDOM_PART[archiveName](random)}.zip`;
}

/** Digits of a random number, or those of a UUID (dialects.md 1.5). */
const RANDOM_PART: Readonly<Record<Dialect["archiveName"], (random: RandomSource) => string>> = {
  digits: (random) => `${String(random.uint32())}${String(random.uint32()).padStart(10, "0")}`,
  hex: (random) => random.uuid().replaceAll("-", ""),
};

/** May a peer write this path? Only plain names right in its own transfer folder (quality.md 2). */
export function isTransferPath(path: string, nodeName: string): boolean {
  const folder = `${transferFolder(nodeName)}/`;
  if (!path.startsWith(folder)) return false;
  const name = path.slice(folder.length);
  return /^[A-Za-z0-9._-]{1,255}$/.test(name) && name !== "." && name !== "..";
}
