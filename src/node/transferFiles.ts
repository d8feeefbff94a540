import { dirname, join } from "node:path";
import type { FileSink, FileSinkFactory } from "../protocol/transfer/IncomingFiles.js";
import type { NodeDisk } from "./ports/NodeDisk.js";

/** Mode of a transferred file while it waits for its use. */
const TRANSFER_MODE = 0o600;
/** Mode of a node's transfer folder. */
const FOLDER_MODE = 0o770;

/**
 * Files that a peer sends, written under `root`. A file is made anew, never followed through a link
 * and never written over something else (quality.md 2). The caller has checked the path's form.
 */
export function transferFiles(disk: NodeDisk, root: string): FileSinkFactory {
  return {
    async open(path: string): Promise<FileSink> {
      const target = join(root, path);
      const folder = dirname(target);
      await disk.makeFolder(folder, FOLDER_MODE);
      if (!(await disk.isFolder(folder))) throw new Error(`${folder} is not a folder`);
      await disk.removeFile(target);
      const file = await disk.create(target, TRANSFER_MODE);
      return {
        append: (bytes) => file.write(bytes),
        finish: () => file.close(),
        async discard(): Promise<void> {
          await file.close().catch(() => undefined);
          await disk.removeFile(target);
        },
      };
    },
  };
}
