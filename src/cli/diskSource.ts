import { readFileSync, statSync } from "node:fs";
import type { Override } from "../config/Override.js";
import type { ConfigSource } from "../config/readNodeConfig.js";

/**
 * A node's configuration as it lies on the disk, read at once: for commands that start. A running
 * node that reads it again fetches the texts of `configPaths` first, without blocking.
 */
export function diskSource(root: string, ossecConf?: string, overrides: readonly Override[] = []): ConfigSource {
  return {
    root,
    ossecConf,
    overrides,
    readFile: (path) => readFileSync(path, "utf8"),
    fileAccess: (path) => {
      const status = statSync(path, { throwIfNoEntry: false });
      return status === undefined ? undefined : { mode: status.mode, owner: status.uid };
    },
    userId: process.getuid?.(),
  };
}
