import type { AgentRow, ListedAgents, AgentFilter } from "./AgentRow.js";
import type { AgentLists } from "./AgentLists.js";
import type { CallOptions, CountOptions } from "./CallOptions.js";
import type { NewAgent } from "./NewAgent.js";
import type { QueryOptions, QueryResult } from "./QueryResult.js";

/** What health, metrics and logs show of the store (quality.md 4). */
export interface AgentStoreDescription {
  /** `wazuhDb`: another program's store behind `queue/db/wdb`; `embedded`: muster's own. */
  readonly adapter: "wazuhDb" | "embedded";
  /**
   * `idle`: not used yet; `connected`: the last contact went well; `degraded`: the last contact failed,
   * and the next call tries again; `failed`: given up until the node is started anew; `closed`.
   */
  readonly state: "idle" | "connected" | "degraded" | "failed" | "closed";
  /** Where the store is: the socket's path or the database file's. */
  readonly location: string;
  readonly lastError: string | null;
  /** Calls that were sent and are not answered yet, and calls that wait for a free place. */
  readonly inFlight: number;
  readonly waiting: number;
  /** How often the embedded store's thread was started again, or the socket connected again. */
  readonly restarts: number;
}

/**
 * The node's agents, whoever keeps them (dapi.md 6). All methods are asynchronous and fail with an
 * `AgentStoreError` (2003 refused, 2004 statement not valid, 2005 no connection, 2006 bad JSON, 2007 no
 * usable answer, 2009 answer too large) or with the reason of the caller's `AbortSignal`.
 */
export interface AgentStore {
  /**
   * The chunks that a worker sends (protocol.md 6): `global sync-agent-info-get ` until it says `ok`.
   * The store marks the agents in them as synced. When the call fails half-way, the agents that were
   * already handed out are marked for the next time.
   */
  agentInfoChunks(options?: CallOptions): Promise<string[]>;
  /** Marks the agents of chunks that did not reach the master, so that the next round sends them again. */
  requeueAgentInfo(chunks: readonly string[], options?: CallOptions): Promise<number>;
  /** Writes one chunk of a worker: `global sync-agent-info-set`. All of it or nothing. */
  storeAgentInfo(chunk: string, options?: CallOptions): Promise<void>;
  /**
   * The three lists that a worker sends in dialect 4.14 (dapi.md 6.5); the store counts their agents as synced. What
   * does not reach the master is marked anew by `requeueAgentInfo`.
   */
  agentLists(options?: CallOptions): Promise<AgentLists>;
  /** Writes the three lists of a worker, all of them or nothing. */
  storeAgentLists(lists: AgentLists, options?: CallOptions): Promise<void>;
  /**
   * Agents whose groups changed, in the chunks that a master sends to every worker, with the checksum of all groups
   * (dialects.md 1.8); the store counts them as synced. Every call gives at least the checksum.
   */
  changedAgentGroups(options?: CallOptions): Promise<string[]>;
  /** All agents with their groups, in the same form and without the checksum. */
  allAgentGroups(options?: CallOptions): Promise<string[]>;
  /**
   * Gives agents the groups of one chunk's `data`, for `global set-agent-groups`. False when the store does not know
   * one of the agents: the others have their groups, and nobody need be told.
   */
  setAgentGroups(data: readonly unknown[], options?: CallOptions): Promise<boolean>;
  /** The checksum of all groups; null when there is none. */
  agentGroupsHash(options?: CallOptions): Promise<string | null>;
  recalculateAgentGroupHashes(options?: CallOptions): Promise<void>;
  /** Removes the group memberships of removed agents, in batches of 500 (protocol.md 6). */
  deleteBelongs(agentIds: readonly string[], options?: CallOptions): Promise<void>;
  /** Ids of all agents but the manager itself, ascending, with at least three digits (`001`). */
  knownAgentIds(options?: CallOptions): Promise<string[]>;
  /** Agents with status `active` that report to that node (dapi.md 4.2). */
  countActiveAgents(nodeName: string, options?: CallOptions): Promise<number>;
  /** The same for all nodes in one question. */
  activeAgentsByNode(options?: CountOptions): Promise<Map<string, number>>;
  /**
   * One select, delete or update (`global sql …`, or a whole request such as `agent 001 sql …`). Selects are
   * paged; their rows have no NULL columns (dapi.md 6.1, 6.2).
   */
  query(statement: string, options?: QueryOptions): Promise<QueryResult>;
  /** Agents by id, filtered and cut. */
  listAgents(filter?: AgentFilter, options?: CallOptions): Promise<ListedAgents>;
  /** One agent's whole row, or null. */
  agent(id: string, options?: CallOptions): Promise<AgentRow | null>;
  /** Creates or updates agents. Only for the embedded store: wazuh-db registers its agents itself. */
  importAgents(agents: readonly NewAgent[], options?: CallOptions): Promise<ImportSummary>;
  describe(): AgentStoreDescription;
  /** Lets calls in flight fail, and frees sockets and threads. Safe to call twice. */
  close(): Promise<void>;
}

/** What an import did. */
export interface ImportSummary {
  readonly created: number;
  readonly updated: number;
}
