import { writeFileSync } from "node:fs";
import { apply } from "../../../../src/integrity/apply.js";
import { unpack } from "../../../../src/integrity/archive/unpack.js";
import { nodeDisk, type Disk } from "../../../../src/integrity/Disk.js";
import type { ApplyResult, NodeScope } from "../../../../workers/jobs.js";
import { masterArchive, type MasterArchive } from "../archive/masterArchive.js";
import type { NodeTree } from "../archive/nodeTree.js";

export const ARCHIVE = "queue/cluster/worker1/from-master.zip";

/** Unpacks a hand-made archive on the real disk; returns the folder. */
export async function unpackOnto(tree: NodeTree, archive: MasterArchive, scope: NodeScope = tree.scope()): Promise<string> {
  const path = tree.at(ARCHIVE);
  writeFileSync(path, masterArchive(archive));
  await unpack(nodeDisk, { kind: "unpack", scope, archive: path, folder: `${path}dir` });
  return `${path}dir`;
}

/** The whole way of a hand-made archive into a tree. `disk` is what the application sees. */
export async function receive(tree: NodeTree, archive: MasterArchive, disk: Disk = nodeDisk, scope: NodeScope = tree.scope()): Promise<ApplyResult> {
  const folder = await unpackOnto(tree, archive, scope);
  return apply(disk, { kind: "apply", scope, folder });
}
