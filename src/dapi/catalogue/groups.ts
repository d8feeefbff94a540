import { z } from "zod";
import { allOf } from "../../agents/selection/AgentCondition.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { listPageArguments, objectPageArguments, pageOf, pageOfList } from "../query/arguments.js";
import { processArray } from "../query/processArray.js";
import { allowedAgents, requireAllowed } from "../rbac/permissions.js";
import { type ApiResult, affectedItems } from "../results/ApiResult.js";
import { agentFilters } from "./agents/agentArguments.js";
import { AGENTS_MESSAGES } from "./agents/agentMessages.js";
import { findAgents } from "./agents/findAgents.js";
import { describeGroups, type GroupItem } from "./groups/describeGroups.js";
import { findGroups, type Group, groupNames, SHARED_FOLDER } from "./groups/findGroups.js";
import { hashAlgorithm, hashOf } from "./groups/hashAlgorithms.js";
import { answerOf } from "./ruleset/answerOf.js";
import { nameList } from "./ruleset/filterArguments.js";

const GROUPS = {
  allMessage: "All selected groups information was returned",
  someMessage: "Some groups information was not returned",
  noneMessage: "No group information was returned",
};
const FILES = {
  allMessage: "All selected groups files were returned",
  someMessage: "Some groups files were not returned",
  noneMessage: "No groups files were returned",
};

const GROUP_FIELDS = ["name", "count"];

/** The file of active responses, which all groups share. */
const SHARED_BY_ALL = "ar.conf";

const shared = {
  module: "wazuh.agent",
  requestType: "local_master",
  permission: { action: "group:read", resource: "group:id" },
  readOnly: true,
} as const;

const groupsSchema = z.strictObject({
  ...objectPageArguments,
  group_list: nameList.nullish(),
  hash_algorithm: hashAlgorithm,
});
const membersSchema = z.strictObject({
  ...objectPageArguments,
  group_list: nameList,
  filters: agentFilters.nullish(),
});
const filesSchema = z.strictObject({
  ...listPageArguments,
  group_list: nameList,
  hash_algorithm: hashAlgorithm,
});

/** The functions of groups (dapi.md 3.4). */
export function groupFunctions(): readonly CatalogueFunction[] {
  return [
    defineFunction({ ...shared, qualname: "get_agent_groups", schema: groupsSchema, run: getGroups }),
    defineFunction({ ...shared, qualname: "get_agents_in_group", schema: membersSchema, run: getMembers }),
    defineFunction({ ...shared, qualname: "get_group_files", schema: filesSchema, run: getFiles }),
  ];
}

async function getGroups(args: z.output<typeof groupsSchema>, context: FunctionContext): Promise<ApiResult> {
  const { items: groups, failed } = await findGroups(context, args.group_list ?? null);
  // Hashes are made for the page alone: they are neither searched nor sorted by.
  const { select, ...page } = pageOf(args);
  const { items, totalItems } = processArray(groups, page, {
    allowedSortFields: GROUP_FIELDS,
    allowedQueryFields: GROUP_FIELDS,
  });
  // Without a selection, items are what they were.
  const described = await describeGroups(context, items as readonly Group[], args.hash_algorithm);
  return affectedItems({
    affectedItems: select === null ? described : selected(described, select),
    totalAffectedItems: totalItems,
    failedItems: failed,
    ...GROUPS,
  });
}

function selected(groups: readonly GroupItem[], select: readonly string[]): readonly unknown[] {
  return processArray(
    groups,
    { select, limit: null },
    {
      allowedSelectFields: [...GROUP_FIELDS, "mergedSum", "configSum"],
      requiredFields: ["name"],
    },
  ).items;
}

async function getMembers(args: z.output<typeof membersSchema>, context: FunctionContext): Promise<ApiResult> {
  const group = await requireGroup(args.group_list, context);
  const { items, totalItems } = await findAgents(context, {
    page: pageOf(args),
    filters: args.filters,
    within: allOf(allowedAgents(context.request.rbacPermissions, "agent:read"), { kind: "memberOf", group }),
  });
  return affectedItems({ affectedItems: items, totalAffectedItems: totalItems, ...AGENTS_MESSAGES });
}

async function getFiles(args: z.output<typeof filesSchema>, context: FunctionContext): Promise<ApiResult> {
  const { items: groups, failed } = await findGroups(context, args.group_list.slice(0, 1));
  const found: unknown[] = [];
  for (const { name } of groups) found.push(...(await filesOf(name, args, context)));
  const page = pageOfList(args);
  return answerOf(found, { ...page, sort: page.sort ?? { fields: ["filename"], ascending: true } }, FILES, {
    allowedSortFields: ["filename", "hash"],
    failed,
  });
}

/** All entries of a group's folder and the shared file, each with its hash; null where there is none to tell. */
async function filesOf(
  group: string,
  { hash_algorithm: algorithm }: z.output<typeof filesSchema>,
  { files, signal }: FunctionContext,
): Promise<readonly unknown[]> {
  const folder = `${SHARED_FOLDER}/${group}`;
  const entries = await files.list(folder).catch((cause: unknown) => {
    throw MusterError.internal(1727, group, { cause });
  });
  const paths = [
    ...entries.map(({ name }) => [name, `${folder}/${name}`] as const),
    [SHARED_BY_ALL, `${SHARED_FOLDER}/${SHARED_BY_ALL}`] as const,
  ];
  const items: unknown[] = [];
  for (const [filename, path] of paths) {
    signal.throwIfAborted();
    items.push({ filename, hash: await hashOf(files, path, algorithm) });
  }
  return items;
}

/** The one group that is asked for. @throws MusterError 1710, 4000 */
async function requireGroup(names: readonly string[], context: FunctionContext): Promise<string> {
  const [group] = names;
  if (group === undefined || !(await groupNames(context)).includes(group)) throw MusterError.notFound(1710);
  requireAllowed(context.request.rbacPermissions, "group:read", "group:id", group);
  return group;
}
