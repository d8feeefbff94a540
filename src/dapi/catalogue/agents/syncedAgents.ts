import { createHash } from "node:crypto";
import { selectAgents } from "../../../agents/selection/selectAgents.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { type ApiResult, affectedItems } from "../../results/ApiResult.js";
import { hashOf } from "../groups/hashAlgorithms.js";
import { agentItem } from "./agentItem.js";
import { requestedAgents } from "./requestedAgents.js";

/** Hexadecimal digits of a hash that name the folder of several groups together. */
const MULTIGROUP_DIGITS = 8;

const MESSAGES = {
  allMessage: "Sync info was returned for all selected agents",
  someMessage: "Sync info was not returned for some selected agents",
  noneMessage: "No sync info was returned",
};

/**
 * Whether agents have the shared files that their groups have on this node: the checksum that an agent tells is
 * compared with that of `merged.mg` (dapi.md 3.3). No group and no such file: not synced.
 *
 * @param ids null: all agents
 */
export async function syncedAgents(context: FunctionContext, ids: readonly string[] | null): Promise<ApiResult> {
  const { where, failed } = await requestedAgents(context, ids, "agent:read", "refused");
  const { rows } = await selectAgents(
    context.store,
    { fields: ["id", "group", "mergedSum"], where },
    { signal: context.signal },
  );
  const checksums = new Map<string, Promise<string | null>>();
  const checksumOf = (groups: readonly string[]): Promise<string | null> => {
    const path = mergedPath(groups);
    const checksum = checksums.get(path) ?? hashOf(context.files, path, "md5");
    checksums.set(path, checksum);
    return checksum;
  };
  const items: unknown[] = [];
  for (const { id, group, mergedSum } of rows.map(agentItem)) {
    context.signal.throwIfAborted();
    const checksum = Array.isArray(group) && typeof mergedSum === "string" ? await checksumOf(group as string[]) : null;
    items.push({ id, synced: checksum !== null && checksum === mergedSum });
  }
  return affectedItems({ affectedItems: items, failedItems: failed, ...MESSAGES });
}

/** One group's own file; several groups have one that is merged for just these. */
function mergedPath(groups: readonly string[]): string {
  const [first = ""] = groups;
  if (groups.length < 2) return `etc/shared/${first}/merged.mg`;
  const name = createHash("sha256").update(groups.join(",")).digest("hex").slice(0, MULTIGROUP_DIGITS);
  return `var/multigroups/${name}/merged.mg`;
}
