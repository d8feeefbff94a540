import type { Disk } from "../../src/integrity/Disk.js";
import type { NodeDisk } from "../../src/node/ports/NodeDisk.js";
import { writeFully } from "../../src/integrity/writeFully.js";
import type { Life, SimulatedTime } from "./SimulatedTime.js";

/** A process's disk for its main thread: each call happens some time after it was made. */
export function simulatedNodeDisk(time: SimulatedTime, life: Life, disk: Disk, delay: () => number): NodeDisk {
  const later = <Result>(work: () => Result): Promise<Result> =>
    new Promise((resolve, reject) => {
      time.after(delay(), life, () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  return {
    makeFolder: (path, mode) => later(() => void disk.mkdirSync(path, { recursive: true, mode })),
    list: (folder) =>
      later(() => disk.readdirSync(folder, { withFileTypes: true }).map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))),
    isFolder: (path) => later(() => disk.lstatSync(path).isDirectory()),
    size: (path) => later(() => disk.lstatSync(path).size),
    create: (path, mode) =>
      later(() => {
        const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = disk.constants;
        const descriptor = disk.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        return {
          write: (bytes) => later(() => void writeFully(disk, descriptor, bytes)),
          close: () => later(() => disk.closeSync(descriptor)),
        };
      }),
    async *read(path, pieceBytes) {
      const { O_RDONLY, O_NOFOLLOW } = disk.constants;
      const descriptor = await later(() => disk.openSync(path, O_RDONLY | O_NOFOLLOW));
      try {
        for (;;) {
          const piece = Buffer.alloc(pieceBytes);
          const read = await later(() => disk.readSync(descriptor, piece, 0, piece.length, null));
          if (read === 0) return;
          yield piece.subarray(0, read);
        }
      } finally {
        await later(() => disk.closeSync(descriptor));
      }
    },
    identity: (path) => later(() => {
        const { size, mtimeMs } = disk.lstatSync(path);
        return `${size}:${mtimeMs}`;
      }),
    link: (existing, created) => later(() => disk.linkSync(existing, created)),
    removeFile: (path) => later(() => disk.rmSync(path, { force: true })),
    removeTree: (path) => later(() => disk.rmSync(path, { recursive: true, force: true })),
  };
}
