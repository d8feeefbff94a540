import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { transferFolder } from "./transferPath.js";

/** Folders that a node needs under its root, with their modes. */
const FOLDERS: readonly string[] = ["etc", "logs", "queue/cluster", "queue/db", "queue/agent-groups", "var/run"];
const FOLDER_MODE = 0o770;

/** Makes the folders that a node needs. */
export async function makeNodeFolders(root: string, nodeName: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true, mode: FOLDER_MODE });
  await makeTransferFolder(root, nodeName);
}

/** Makes the folder in which the transfers of a node live. */
export async function makeTransferFolder(root: string, nodeName: string): Promise<void> {
  await mkdir(join(root, transferFolder(nodeName)), { recursive: true, mode: FOLDER_MODE });
}

/** Empties the folder in which the transfers of a node live (dialects.md 1.2, loss of a connection). */
export async function emptyTransferFolder(root: string, nodeName: string): Promise<void> {
  const folder = join(root, transferFolder(nodeName));
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true, recursive: true });
}

/**
 * Removes what an earlier life of this node left in the middle of transfers: everything in
 * `queue/cluster/<node>/`. The folders stay; other nodes' sockets and files beside them, too.
 */
export async function cleanTransferFolders(root: string): Promise<void> {
  const cluster = join(root, "queue/cluster");
  for (const entry of await readdir(cluster, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const name of await readdir(join(cluster, entry.name))) {
      await rm(join(cluster, entry.name, name), { force: true, recursive: true });
    }
  }
}
