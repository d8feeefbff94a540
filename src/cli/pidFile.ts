import { rmSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = "var/run";
const NAME = /^wazuh-clusterd-(\d+)\.pid$/;
const FILE_MODE = 0o640;

/** A process id file as the reference's start scripts look for it (dapi.md 4.4). */
export interface PidFile {
  remove(): Promise<void>;
  /** The same at once, for the last moment of a process. */
  removeNow(): void;
}

/**
 * Writes `var/run/wazuh-clusterd-<pid>.pid`, and removes those of processes that have ended: the root's lock is held, so
 * that none of them can be a node.
 */
export async function writePidFile(root: string, pid: number): Promise<PidFile> {
  const folder = join(root, FOLDER);
  for (const name of await readdir(folder)) {
    if (NAME.test(name)) await rm(join(folder, name), { force: true });
  }
  const path = join(folder, `wazuh-clusterd-${pid}.pid`);
  await writeFile(path, `${pid}\n`, { mode: FILE_MODE });
  return {
    remove: () => rm(path, { force: true }),
    removeNow: () => {
      rmSync(path, { force: true });
    },
  };
}
