import { z } from "zod";
import { countAgentsBy } from "../../agents/selection/selectAgents.js";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { objectPageArguments, pageOf } from "../query/arguments.js";
import { allowedAgents } from "../rbac/permissions.js";
import { type ApiResult, affectedItems, wazuhResult } from "../results/ApiResult.js";
import { agentFilters, agentList } from "./agents/agentArguments.js";
import { AGENTS_MESSAGES } from "./agents/agentMessages.js";
import { agentsOverview, countStatuses } from "./agents/agentSummaries.js";
import { distinctAgents } from "./agents/distinctAgents.js";
import { findAgents } from "./agents/findAgents.js";
import { requestedAgents } from "./agents/requestedAgents.js";
import { restartAgents } from "./agents/restartAgents.js";
import { syncedAgents } from "./agents/syncedAgents.js";
import { nameList } from "./ruleset/filterArguments.js";

const OS_MESSAGES = {
  allMessage: "Showing the operative system of all specified agents",
  someMessage: "Could not get the operative system of some agents",
  noneMessage: "Could not get the operative system of the agents",
};

const shared = {
  module: "wazuh.agent",
  requestType: "local_master",
  permission: { action: "agent:read", resource: "agent:id" },
  readOnly: true,
} as const;
const restarting = {
  module: "wazuh.agent",
  requestType: "distributed_master",
  permission: { action: "agent:restart", resource: "agent:id" },
  readOnly: false,
  schema: z.strictObject({ agent_list: agentList, node_id: z.string().nullish() }),
  run: ({ agent_list: ids }: { readonly agent_list: readonly string[] | null }, context: FunctionContext) =>
    restartAgents(context, ids),
} as const;

const listSchema = z.strictObject({ agent_list: agentList });
const agentsSchema = z.strictObject({
  ...objectPageArguments,
  agent_list: agentList,
  filters: agentFilters.nullish(),
});
const { select: _select, ...distinctPage } = objectPageArguments;
const distinctSchema = z.strictObject({ ...distinctPage, agent_list: agentList, fields: nameList });
const overviewSchema = z.strictObject({
  ...objectPageArguments,
  limit: objectPageArguments.limit.nullish().transform((limit) => limit ?? null),
  filters: agentFilters.nullish(),
  count: z.boolean().nullish().describe("Taken for later releases; the items are always counted."),
  get_data: z.boolean().nullish().describe("Taken for later releases; the items are always given."),
});

/** The functions of agents (dapi.md 3.3). */
export function agentFunctions(): readonly CatalogueFunction[] {
  return [
    defineFunction({ ...shared, qualname: "get_agents", schema: agentsSchema, run: getAgents }),
    defineFunction({
      ...shared,
      qualname: "get_agents_summary_status",
      schema: listSchema,
      run: async ({ agent_list: ids }, context) => {
        const { where } = await requestedAgents(context, ids, "agent:read", "anAgent");
        return wazuhResult({ data: await countStatuses(context, where) });
      },
    }),
    defineFunction({ ...shared, qualname: "get_agents_summary_os", schema: listSchema, run: getPlatforms }),
    defineFunction({
      ...shared,
      qualname: "get_full_overview",
      schema: z.strictObject({}),
      run: (_args, context) => agentsOverview(context),
    }),
    defineFunction({ ...shared, qualname: "get_distinct_agents", schema: distinctSchema, run: getDistinct }),
    defineFunction({
      ...shared,
      qualname: "get_agents_sync_group",
      schema: listSchema,
      run: ({ agent_list: ids }, context) => syncedAgents(context, ids),
    }),
    defineFunction({ ...restarting, qualname: "restart_agents" }),
    defineFunction({ ...restarting, qualname: "restart_agents_by_node" }),
    defineFunction({ ...restarting, qualname: "restart_agents_by_group" }),
    defineFunction({
      ...shared,
      module: "wazuh.core.agent",
      qualname: "Agent.get_agents_overview",
      schema: overviewSchema,
      run: async (args, context) => {
        const within = allowedAgents(context.request.rbacPermissions, "agent:read");
        return wazuhResult({ ...(await findAgents(context, { page: pageOf(args), filters: args.filters, within })) });
      },
    }),
  ];
}

async function getAgents(args: z.output<typeof agentsSchema>, context: FunctionContext): Promise<ApiResult> {
  const { where: within, failed } = await requestedAgents(context, args.agent_list, "agent:read", "anAgent");
  const { items, totalItems } = await findAgents(context, { page: pageOf(args), filters: args.filters, within });
  return affectedItems({
    affectedItems: items,
    totalAffectedItems: totalItems,
    failedItems: failed,
    ...AGENTS_MESSAGES,
  });
}

async function getPlatforms(
  { agent_list: ids }: z.output<typeof listSchema>,
  context: FunctionContext,
): Promise<ApiResult> {
  const { where, failed } = await requestedAgents(context, ids, "agent:read", "anAgent");
  const { rows } = await countAgentsBy(context.store, { fields: ["os.platform"], where }, { signal: context.signal });
  const platforms = rows.map((row) => row["os.platform"] ?? "unknown");
  return affectedItems({ affectedItems: platforms, failedItems: failed, ...OS_MESSAGES });
}

async function getDistinct(args: z.output<typeof distinctSchema>, context: FunctionContext): Promise<ApiResult> {
  const { where, failed } = await requestedAgents(context, args.agent_list, "agent:read", "anAgent");
  const { items, totalItems } = await distinctAgents(context, args.fields, pageOf(args), where);
  return affectedItems({
    affectedItems: items,
    totalAffectedItems: totalItems,
    failedItems: failed,
    ...AGENTS_MESSAGES,
  });
}
