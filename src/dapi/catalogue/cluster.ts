import { z } from "zod";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { clusterConfiguration } from "../cluster/clusterConfiguration.js";
import { NODE_FIELDS } from "../cluster/NodeInfo.js";
import { objectPageArguments, pageOf } from "../query/arguments.js";
import { processArray } from "../query/processArray.js";
import { requireAllowed } from "../rbac/permissions.js";
import { type ApiResult, affectedItems, wazuhResult } from "../results/ApiResult.js";
import { requestedNodes } from "./cluster/requestedNodes.js";
import { nameList } from "./ruleset/filterArguments.js";

const NODES = {
  allMessage: "All selected nodes information was returned",
  someMessage: "Some nodes information was not returned",
  noneMessage: "No information was returned",
};
const HEALTH = {
  allMessage: "All selected nodes healthcheck information was returned",
  someMessage: "Some nodes healthcheck information was not returned",
  noneMessage: "No healthcheck information was returned",
};
const OWN = {
  allMessage: "All selected information was returned",
  someMessage: "Some information was not returned",
  noneMessage: "No information was returned",
};

const shared = {
  module: "wazuh.cluster",
  permission: { action: "cluster:read", resource: "node:id" },
  readOnly: true,
} as const;

const noArguments = z.strictObject({});
const whichNodes = { filter_node: nameList.nullish() };
const nodesSchema = z.strictObject({
  ...objectPageArguments,
  ...whichNodes,
  filter_type: z
    .string()
    .max(64)
    .nullish()
    .transform((type) => type ?? "all")
    .describe("all, master or worker"),
});
const healthSchema = z.strictObject(whichNodes);

/** The functions of the cluster (dapi.md 3.1). */
export function clusterFunctions(): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "get_node_wrapper",
      requestType: "local_any",
      schema: noArguments,
      run: (_args, context) => {
        const { name, nodeName, nodeType } = context.config.cluster;
        return ownItem(context, { node: nodeName, cluster: name, type: nodeType });
      },
    }),
    defineFunction({
      ...shared,
      qualname: "get_nodes_info",
      requestType: "local_master",
      schema: nodesSchema,
      run: getNodes,
    }),
    defineFunction({
      ...shared,
      qualname: "get_health_nodes",
      requestType: "local_master",
      schema: healthSchema,
      run: getHealth,
    }),
    defineFunction({
      ...shared,
      qualname: "get_status_json",
      requestType: "local_master",
      permission: { action: "cluster:status", resource: "*:*" },
      schema: noArguments,
      run: async (_args, { config, cluster, request }) => {
        requireAllowed(request.rbacPermissions, "cluster:status", "*:*", "*");
        const yesNo = (is: boolean): string => (is ? "yes" : "no");
        const { disabled } = config.cluster;
        return Promise.resolve(wazuhResult({ data: { enabled: yesNo(!disabled), running: yesNo(cluster.running) } }));
      },
    }),
    defineFunction({
      ...shared,
      qualname: "read_config_wrapper",
      requestType: "local_any",
      schema: noArguments,
      run: (_args, context) => ownItem(context, clusterConfiguration(context.config.cluster)),
    }),
  ];
}

/** What a node says of itself. @throws MusterError 4000 */
async function ownItem(context: FunctionContext, item: Readonly<Record<string, unknown>>): Promise<ApiResult> {
  requireAllowed(context.request.rbacPermissions, "cluster:read", "node:id", context.config.cluster.nodeName);
  return Promise.resolve(affectedItems({ affectedItems: [item], ...OWN }));
}

async function getNodes(args: z.output<typeof nodesSchema>, context: FunctionContext): Promise<ApiResult> {
  const { names, failed } = await requestedNodes(context, args.filter_node ?? null);
  // Nodes are few: all of them are asked for, and cut here, so that a query and a page go together.
  const { items } = await context.cluster.nodes({ filter_node: names, filter_type: args.filter_type, limit: null });
  const { items: page, totalItems } = processArray(items, pageOf(args), {
    allowedSortFields: NODE_FIELDS,
    allowedSelectFields: NODE_FIELDS,
    allowedQueryFields: NODE_FIELDS,
  });
  return affectedItems({ affectedItems: page, totalAffectedItems: totalItems, failedItems: failed, ...NODES });
}

async function getHealth(args: z.output<typeof healthSchema>, context: FunctionContext): Promise<ApiResult> {
  const { names, failed } = await requestedNodes(context, args.filter_node ?? null);
  const { nodes } = await context.cluster.health(names);
  const items = Object.entries(nodes)
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([, node]) => node);
  return affectedItems({ affectedItems: items, failedItems: failed, ...HEALTH });
}
