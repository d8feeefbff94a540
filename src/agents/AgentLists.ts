/** What changed in a worker's agents, as three lists (dapi.md 6.5). The rows are passed on as they are. */
export interface AgentLists {
  /** Whole rows, with labels. */
  readonly syncreq: readonly unknown[];
  /** Agents that were heard. */
  readonly syncreq_keepalive: readonly unknown[];
  /** Agents whose connection changed. */
  readonly syncreq_status: readonly unknown[];
}

export const AGENT_LIST_NAMES = ["syncreq", "syncreq_keepalive", "syncreq_status"] as const satisfies readonly (keyof AgentLists)[];

/** Reads the three lists; undefined when the value holds something else. */
export function asAgentLists(value: unknown): AgentLists | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { syncreq, syncreq_keepalive, syncreq_status } = value as { readonly [Name in keyof AgentLists]?: unknown };
  if (!Array.isArray(syncreq) || !Array.isArray(syncreq_keepalive) || !Array.isArray(syncreq_status)) return undefined;
  return { syncreq, syncreq_keepalive, syncreq_status };
}

/** Agents in all lists together. */
export function sizeOfLists(lists: AgentLists): number {
  return AGENT_LIST_NAMES.reduce((sum, name) => sum + lists[name].length, 0);
}
