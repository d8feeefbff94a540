import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { readLazily } from "./readLazily.js";
import type { NewFile, NodeDisk } from "./NodeDisk.js";

/** The machine's own disk. */
export const systemDisk: NodeDisk = Object.freeze({
  async makeFolder(path: string, mode: number): Promise<void> {
    await mkdir(path, { recursive: true, mode });
  },
  async list(folder: string) {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  },
  async isFolder(path: string): Promise<boolean> {
    return (await lstat(path)).isDirectory();
  },
  async size(path: string): Promise<number> {
    return (await lstat(path)).size;
  },
  async create(path: string, mode: number): Promise<NewFile> {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
    return {
      async write(bytes: Uint8Array): Promise<void> {
        let written = 0;
        while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
      },
      close: () => handle.close(),
    };
  },
  read: readLazily,
  async identity(path: string): Promise<string> {
    const { ino, size, mtimeNs } = await lstat(path, { bigint: true });
    return [ino, size, mtimeNs].join(":");
  },
  async link(existing: string, created: string): Promise<void> {
    await link(existing, created);
  },
  async removeFile(path: string): Promise<void> {
    await rm(path, { force: true });
  },
  async removeTree(path: string): Promise<void> {
    await rm(path, { force: true, recursive: true });
  },
});
