import { type AgentCondition, allOf, NOT_THE_MANAGER } from "../../../agents/selection/AgentCondition.js";
import { CONNECTION_STATUSES } from "../../../agents/columns.js";
import { countAgentsBy } from "../../../agents/selection/selectAgents.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { allowedAgents } from "../../rbac/permissions.js";
import { type ApiResult, wazuhResult } from "../../results/ApiResult.js";
import { describeGroups } from "../groups/describeGroups.js";
import { findGroups } from "../groups/findGroups.js";
import { distinctAgents, WHOLE_PAGE } from "./distinctAgents.js";
import { findAgents } from "./findAgents.js";

/** How many agents have each status, without the manager: all statuses, in the order of their names, and `total`. */
export async function countStatuses(
  context: FunctionContext,
  within: AgentCondition,
): Promise<Readonly<Record<string, number>>> {
  const where = allOf(within, NOT_THE_MANAGER);
  const { rows } = await countAgentsBy(context.store, { fields: ["status"], where }, { signal: context.signal });
  const counts = new Map(rows.map(({ status, count }) => [status, Number(count)]));
  const byStatus = [...CONNECTION_STATUSES].sort().map((status) => [status, counts.get(status) ?? 0] as const);
  const total = byStatus.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries([...byStatus, ["total", total]]);
}

/** Everything that an overview shows of the agents, the manager left out (dapi.md 3.3). */
export async function agentsOverview(context: FunctionContext): Promise<ApiResult> {
  const { rbacPermissions } = context.request;
  const within = allOf(allowedAgents(rbacPermissions, "agent:read"), NOT_THE_MANAGER);
  const distinct = async (...fields: readonly string[]): Promise<readonly unknown[]> =>
    (await distinctAgents(context, fields, WHOLE_PAGE, within)).items;
  const newest = await findAgents(context, {
    page: { ...WHOLE_PAGE, limit: 1, sort: { fields: ["dateAdd"], ascending: false }, select: null },
    within,
  });
  const groups = await findGroups(context, null);
  return wazuhResult({
    data: {
      nodes: await distinct("node_name"),
      groups: await describeGroups(context, groups.items, "md5"),
      agent_os: await distinct("os.name", "os.platform", "os.version"),
      agent_status: await countStatuses(context, within),
      agent_version: await distinct("version"),
      last_registered_agent: newest.items,
    },
  });
}
