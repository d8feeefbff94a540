import { MusterError } from "../../protocol/errors/MusterError.js";
import type { DapiRequest } from "../DapiRequest.js";
import type { JsonRecord } from "../encoding/values.js";
import { denied as denial, isAllowed } from "../rbac/permissions.js";
import type { FailedItems } from "../results/ApiResult.js";
import { pageOf, widened, type Page } from "./pages.js";

/** An agent and the node that it reports to. */
export interface AgentLocation {
  readonly id: string;
  readonly nodeName: string;
}

/** What the solver needs to know of the cluster; asked only where the request needs it. */
export interface SolverView {
  readonly ownName: string;
  /** Agents by id, or all of them, page by page; without the manager. */
  agents(ids: readonly string[] | "all"): AsyncIterable<readonly AgentLocation[]>;
  /** Names of connected nodes, this one first. */
  readonly connectedNodes: readonly string[];
}

/** A node's share of a request. */
export interface NodeShare {
  readonly nodeName: string;
  /** The request as that node gets it. */
  readonly request: DapiRequest;
}

/** The shares of a request, and the nodes that it concerns and that are not asked, with the reason. */
export interface Solution {
  readonly shares: readonly NodeShare[];
  readonly failed: readonly FailedItems[];
  /** What the asker wants of the merged items; undefined: all. */
  readonly page: Page | undefined;
}

/** Names under which the agent table keeps agents that report to no node; they belong to the master. */
const NOWHERE: ReadonlySet<string> = new Set(["", "unknown"]);

/**
 * Which nodes a forwarded request concerns, and what each is asked (dapi.md 1.4): by agents, by node
 * names, or all nodes. Agents that do not exist are asked of this node, whose function reports them.
 */
export async function solve(request: DapiRequest, view: SolverView): Promise<Solution> {
  const { node_id: nodeId, node_list: nodeList, agent_id: agentId, agent_list: agentList, ...rest } = request.arguments;
  const named = namesOf(nodeId) ?? (nodeList === "*" ? undefined : namesOf(nodeList));
  const wantedAgents = agentList ?? agentId;
  if (wantedAgents !== undefined) {
    const byNode = await agentsByNode(wantedAgents, named, view);
    const forNode = (ids: readonly string[]): JsonRecord =>
      agentList === undefined && ids.length === 1 ? { ...rest, agent_id: ids[0] } : { ...rest, agent_list: ids };
    const wanted = [...byNode].map(([nodeName, ids]) => ({ nodeName, arguments: forNode(ids) }));
    return divide(request, view, { wanted, areNamed: named !== undefined });
  }
  const all = nodeList === "*" || request.broadcasting;
  const targets = named ?? (all ? view.connectedNodes : await nodesOfAgents(view));
  const wanted = [...new Set(targets)].map((nodeName) => ({ nodeName, arguments: rest }));
  return divide(request, view, { wanted, areNamed: named !== undefined });
}

interface Wanted {
  readonly wanted: readonly { readonly nodeName: string; readonly arguments: JsonRecord }[];
  /** The asker named the nodes; otherwise they were found by the agents that report to them. */
  readonly areNamed: boolean;
}

function divide(request: DapiRequest, view: SolverView, { wanted, areNamed }: Wanted): Solution {
  const connected = new Set(view.connectedNodes);
  const absent = wanted.filter(({ nodeName }) => !connected.has(nodeName)).map(({ nodeName }) => nodeName);
  const present = wanted.filter(({ nodeName }) => connected.has(nodeName));
  const mayRead = ({ nodeName }: { nodeName: string }): boolean => isAllowed(request.rbacPermissions, "cluster:read", "node:id", nodeName);
  const denied = present.filter((share) => !mayRead(share)).map(({ nodeName }) => nodeName);
  const asked = present.filter(mayRead);
  const page = asked.length > 1 ? pageOf(request.arguments) : undefined;
  const shares = asked.map(({ nodeName, arguments: given }) => ({
    nodeName,
    request: { ...request, arguments: page === undefined ? given : widened(given, page), fromCluster: true },
  }));
  const absence = areNamed
    ? [{ error: MusterError.notFound(1730), ids: absent }]
    : absent.map((name) => ({ error: MusterError.user(3022, name), ids: [name] }));
  // Who asks all nodes is answered by those that he may ask.
  const denials = request.broadcasting ? [] : [{ error: denial("node:id"), ids: denied }];
  return { shares, failed: [...absence, ...denials].filter(({ ids }) => ids.length > 0), page };
}

async function agentsByNode(
  wanted: unknown,
  named: readonly string[] | undefined,
  view: SolverView,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = wanted === "*";
  const ids = all ? [] : [...new Set(namesOf(wanted) ?? [])];
  const byNode = new Map<string, string[]>();
  const place = (nodeName: string, id: string): void => {
    const name = NOWHERE.has(nodeName) ? view.ownName : nodeName;
    const placed = byNode.get(name);
    if (placed === undefined) byNode.set(name, [id]);
    else placed.push(id);
  };
  const nameOf = (nodeName: string): string => (NOWHERE.has(nodeName) ? view.ownName : nodeName);
  const unknown = new Set(ids);
  for await (const page of view.agents(all ? "all" : ids)) {
    for (const { id, nodeName } of page) {
      unknown.delete(id);
      if (named === undefined || named.includes(nameOf(nodeName))) place(nodeName, id);
    }
  }
  for (const id of unknown) place(view.ownName, id);
  for (const name of named ?? []) if (!byNode.has(name)) byNode.set(name, []);
  if (byNode.size === 0) byNode.set(view.ownName, []);
  return byNode;
}

async function nodesOfAgents(view: SolverView): Promise<readonly string[]> {
  const names = new Set([view.ownName]);
  for await (const page of view.agents("all")) {
    for (const { nodeName } of page) names.add(NOWHERE.has(nodeName) ? view.ownName : nodeName);
  }
  return [...names];
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.filter((name): name is string => typeof name === "string");
  return undefined;
}
