import type { AgentStore } from "../../agents/AgentStore.js";
import { formatAgentId } from "../../agents/formatAgentId.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { RequiredPermission } from "../CatalogueFunction.js";
import type { DapiRequest } from "../DapiRequest.js";
import type { JsonRecord } from "../encoding/values.js";
import { permits, treatsAllAlike } from "./permits.js";

/** What of a request its asker may have. */
export interface Narrowed {
  readonly arguments: JsonRecord;
  /** Things that were asked for by name and are denied. */
  readonly denied: readonly string[];
}

export interface NarrowingNode {
  readonly nodeName: string;
  readonly store: Pick<AgentStore, "listAgents">;
}

/**
 * Holds a request against its asker's permissions (dapi.md 3.7): agents and groups that are denied are taken out of the
 * arguments; a function that is about a node, or about things that can't be told apart here, is allowed or not.
 *
 * @throws MusterError 4000 when nothing is left
 */
export async function narrowArguments(request: DapiRequest, permission: RequiredPermission, node: NarrowingNode): Promise<Narrowed> {
  const { arguments: given, rbacPermissions } = request;
  const { action, resource } = permission;
  if (resource === "node:id") {
    if (permits(rbacPermissions, action, [`node:id:${node.nodeName}`])) return { arguments: given, denied: [] };
    throw denial(resource, [node.nodeName]);
  }
  if (treatsAllAlike(rbacPermissions, action)) {
    if (permits(rbacPermissions, action, [resource === "*:*" ? "*:*:*" : `${resource}:*`])) return { arguments: given, denied: [] };
    throw denial(resource, []);
  }
  if (resource === "agent:id") return narrowAgents(request, permission, node);
  if (resource === "agent:group") return narrowGroups(request, permission);
  if (permits(rbacPermissions, action, [`${resource}:*`])) return { arguments: given, denied: [] };
  throw denial(resource, []);
}

async function narrowAgents({ arguments: given, rbacPermissions }: DapiRequest, { action, resource }: RequiredPermission, node: NarrowingNode): Promise<Narrowed> {
  const { agent_id: one, agent_list: many, ...rest } = given;
  const named = many === "*" ? undefined : (many ?? (one === undefined ? undefined : [one]));
  const wanted = Array.isArray(named) ? named.map(String) : undefined;
  const { agents } = await node.store.listAgents({ select: ["id", "group"], withManager: true });
  const groupsOf = new Map(agents.map(({ id, group }) => [formatAgentId(Number(id)), String(group ?? "").split(",")]));
  const isAllowed = (id: string): boolean =>
    permits(rbacPermissions, action, [`agent:id:${id}`, ...(groupsOf.get(id) ?? []).map((group) => `agent:group:${group}`)]);
  const candidates = wanted ?? [...groupsOf.keys()];
  const allowed = candidates.filter(isAllowed);
  const denied = wanted === undefined ? [] : candidates.filter((id) => !isAllowed(id));
  if (allowed.length === 0) throw denial(resource, denied);
  if (one !== undefined && many === undefined) return { arguments: given, denied };
  return { arguments: { ...rest, agent_list: allowed }, denied };
}

function narrowGroups({ arguments: given, rbacPermissions }: DapiRequest, { action, resource }: RequiredPermission): Narrowed {
  const { group_list: groups } = given;
  const isAllowed = (group: string): boolean => permits(rbacPermissions, action, [`${resource}:${group}`]);
  // Without names the function would list all groups, and can't be asked for some of them only.
  if (!Array.isArray(groups)) throw denial(resource, []);
  const names = groups.map(String);
  const allowed = names.filter(isAllowed);
  const denied = names.filter((group) => !isAllowed(group));
  if (allowed.length === 0) throw denial(resource, denied);
  return { arguments: { ...given, group_list: allowed }, denied };
}

/** The reference's words for what an asker may not do. */
export function denial(resource: string, ids: readonly string[]): MusterError {
  return new MusterError("WazuhPermissionError", 4000, { extraMessage: `Resource type: ${resource}`, ids });
}
