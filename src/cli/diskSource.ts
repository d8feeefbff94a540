import { readFileSync, statSync } from "node:fs";
import type { ConfigSource } from "../config/readNodeConfig.js";

/**
 * A node's configuration as it lies on the disk, read at once: for commands that start. A running
 * node that reads it again fetches the texts of `configPaths` first, without blocking.
 */
export function diskSource(root: string, ossecConf?: string): ConfigSource {
  return {
    root,
    ossecConf,
    readFile: (path) => readFileSync(path, "utf8"),
    fileMode: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
  };
}
