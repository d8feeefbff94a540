import type { ClusterItems } from "../../config/ClusterItems.js";
import type { Placer } from "../applyPlacement.js";
import type { Disk } from "../Disk.js";
import { FileFault } from "../fileProblem.js";
import { AGENT_GROUPS_ITEM, agentOfGroupFile, classify } from "../items.js";
import { LONGEST_PART_BYTES } from "./mergeFiles.js";
import type { MergedPart } from "./readMerged.js";
import { writeNewFile } from "../writeNewFile.js";

export interface PartPlacement {
  /** Absolute path in a private folder: where the content is written before it takes its place. */
  readonly scratch: string;
  /** Modification time in seconds since the epoch; now when absent. */
  readonly modTime?: number;
}

/**
 * The agent that a part's name names.
 *
 * @throws an error with code EINVAL when the name is no bare agent id: only such a name may become a path.
 */
export function agentOfPart(name: string): string {
  const id = agentOfGroupFile(AGENT_GROUPS_ITEM + name);
  if (id === undefined) throw new FileFault("EINVAL", `the merged part ${JSON.stringify(name)} is not named by an agent's id`);
  return id;
}

/**
 * Puts one part of a merged file in its place: `queue/agent-groups/<id>`, with that item's mode.
 *
 * @throws an error with code EINVAL (name), EFBIG (content) or EPERM (no item covers group files); as
 *   `Placer.place`. The target is then as it was.
 */
export function placePart(
  disk: Disk,
  items: ClusterItems,
  placer: Placer,
  part: MergedPart,
  { scratch, modTime }: PartPlacement,
): "created" | "overwritten" {
  const path = AGENT_GROUPS_ITEM + agentOfPart(part.name);
  const match = classify(items, path);
  if (match === undefined) throw new FileFault("EPERM", "no item of this node's cluster.json covers it: it is not written");
  if (part.content === undefined) {
    throw new FileFault("EFBIG", `it has ${part.size} bytes; a merged part has at most ${LONGEST_PART_BYTES}`);
  }
  disk.rmSync(scratch, { force: true });
  writeNewFile(disk, scratch, part.content);
  return placer.place(scratch, path, { permissions: match.item.permissions, ...(modTime === undefined ? {} : { modTime }) });
}
