import { constants } from "node:fs";
import { mkdir, open, rm, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileSink, FileSinkFactory } from "../../protocol/transfer/IncomingFiles.js";

/** Mode of a transferred file while it waits for its use. */
const TRANSFER_MODE = 0o600;
/** Mode of a node's transfer folder. */
const FOLDER_MODE = 0o770;

/**
 * Files that a peer sends, written under `root`. A file is made anew, never followed through a link
 * and never written over something else (quality.md 2). The caller has checked the path's form.
 */
export function transferFiles(root: string): FileSinkFactory {
  return {
    async open(path: string): Promise<FileSink> {
      const target = join(root, path);
      const folder = dirname(target);
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
      await rm(target, { force: true });
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const handle = await open(target, flags, TRANSFER_MODE);
      return {
        async append(bytes: Uint8Array): Promise<void> {
          let written = 0;
          while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
        },
        finish: () => handle.close(),
        async discard(): Promise<void> {
          await handle.close().catch(() => undefined);
          await rm(target, { force: true });
        },
      };
    },
  };
}
