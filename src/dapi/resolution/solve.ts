import type { DapiRequest } from "../DapiRequest.js";

/** An agent and the node that it reports to. */
export interface AgentLocation {
  readonly id: string;
  readonly nodeName: string;
}

/** What the solver needs to know of the cluster; asked only where the request needs it. */
export interface SolverView {
  readonly ownName: string;
  /** Agents by id, or all of them; without the manager. */
  agents(ids: readonly string[] | "all"): Promise<readonly AgentLocation[]>;
  /** Names of connected nodes, this one first. */
  readonly connectedNodes: readonly string[];
}

/** A node's share of a request. */
export interface NodeShare {
  readonly nodeName: string;
  /** The request as that node gets it. */
  readonly request: DapiRequest;
}

/** The shares of a request, and nodes that it names and that are not there. */
export interface Solution {
  readonly shares: readonly NodeShare[];
  readonly absentNodes: readonly string[];
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
  const byNode = wantedAgents === undefined ? undefined : await agentsByNode(wantedAgents, named, view);

  if (byNode !== undefined) {
    const forNode = (ids: readonly string[]): Readonly<Record<string, unknown>> =>
      agentList === undefined && ids.length === 1 ? { ...rest, agent_id: ids[0] } : { ...rest, agent_list: ids };
    return divide(request, view, [...byNode].map(([nodeName, ids]) => ({ nodeName, arguments: forNode(ids) })));
  }
  const targets = named ?? (nodeList === "*" || request.broadcasting ? view.connectedNodes : await nodesOfAgents(view));
  return divide(request, view, targets.map((nodeName) => ({ nodeName, arguments: rest })));
}

function divide(
  request: DapiRequest,
  view: SolverView,
  wanted: readonly { readonly nodeName: string; readonly arguments: Readonly<Record<string, unknown>> }[],
): Solution {
  const connected = new Set(view.connectedNodes);
  const shares: NodeShare[] = [];
  const absentNodes: string[] = [];
  for (const { nodeName, arguments: shareArguments } of wanted) {
    if (!connected.has(nodeName)) absentNodes.push(nodeName);
    else shares.push({ nodeName, request: { ...request, arguments: shareArguments, fromCluster: true } });
  }
  return { shares, absentNodes };
}

async function agentsByNode(
  wanted: unknown,
  named: readonly string[] | undefined,
  view: SolverView,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = wanted === "*";
  const ids = all ? [] : (namesOf(wanted) ?? []);
  const found = await view.agents(all || named !== undefined ? "all" : ids);
  const byNode = new Map<string, string[]>();
  const place = (nodeName: string, id: string): void => {
    const name = NOWHERE.has(nodeName) ? view.ownName : nodeName;
    byNode.set(name, [...(byNode.get(name) ?? []), id]);
  };
  const wantedIds = new Set(ids);
  for (const { id, nodeName } of found) {
    const isWanted = all || wantedIds.has(id);
    if (isWanted && (named === undefined || named.includes(nodeName))) place(nodeName, id);
  }
  const known = new Set(found.map(({ id }) => id));
  for (const id of ids) if (!known.has(id)) place(view.ownName, id);
  for (const name of named ?? []) if (!byNode.has(name)) byNode.set(name, []);
  if (byNode.size === 0) byNode.set(view.ownName, []);
  return byNode;
}

async function nodesOfAgents(view: SolverView): Promise<readonly string[]> {
  const names = (await view.agents("all")).map(({ nodeName }) => (NOWHERE.has(nodeName) ? view.ownName : nodeName));
  return [...new Set([view.ownName, ...names])];
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.filter((name): name is string => typeof name === "string");
  return undefined;
}
