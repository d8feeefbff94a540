import { join } from "node:path";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { Logger } from "../telemetry/Logger.js";
import type { NodeDisk } from "./ports/NodeDisk.js";
import { transferFolder } from "./transferPath.js";

/** Folders that a node needs under its root, with their modes. */
export const NODE_FOLDERS: readonly string[] = ["etc", "logs", "queue/cluster", "queue/db", "queue/agent-groups", "var/run"];
const FOLDER_MODE = 0o770;

/** Makes the folders that a node needs. */
export async function makeNodeFolders(disk: NodeDisk, root: string, nodeName: string): Promise<void> {
  for (const folder of NODE_FOLDERS) await disk.makeFolder(join(root, folder), FOLDER_MODE);
  await makeTransferFolder(disk, root, nodeName);
}

/** Makes the folder in which the transfers of a node live. */
export async function makeTransferFolder(disk: NodeDisk, root: string, nodeName: string): Promise<void> {
  await disk.makeFolder(join(root, transferFolder(nodeName)), FOLDER_MODE);
}

interface FolderServices {
  readonly config: { readonly root: string };
  readonly scope: { readonly dialect: Pick<Dialect, "emptiesTransferFolder"> };
  readonly disk: NodeDisk;
  readonly logger: Logger;
}

/**
 * Removes what a lost connection left in a worker's folder, where the dialect wants it gone (dialects.md 1.2). Never
 * rejects: the log tells what could not be removed.
 */
export async function emptyTransferFolder({ config, scope, disk, logger }: FolderServices, nodeName: string): Promise<void> {
  if (!scope.dialect.emptiesTransferFolder) return;
  const folder = join(config.root, transferFolder(nodeName));
  try {
    for (const { name } of await disk.list(folder)) await disk.removeTree(join(folder, name));
  } catch (error) {
    logger.warn(`Could not empty the folder of ${nodeName}: ${String(error)}`);
  }
}

/**
 * Removes what an earlier life of this node left in the middle of transfers: everything in
 * `queue/cluster/<node>/`. The folders stay; other nodes' sockets and files beside them, too.
 */
export async function cleanTransferFolders(disk: NodeDisk, root: string): Promise<void> {
  const cluster = join(root, "queue/cluster");
  for (const { name, isFolder } of await disk.list(cluster)) {
    if (!isFolder) continue;
    for (const left of await disk.list(join(cluster, name))) await disk.removeTree(join(cluster, name, left.name));
  }
}
