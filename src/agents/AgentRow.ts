import type { AgentColumn } from "./columns.js";

/** One row of the `agent` table as wazuh-db tells it: columns that are NULL are absent. */
export type AgentRow = { readonly [Column in AgentColumn]?: string | number };

/** Which agents `listAgents` gives; every condition that is absent lets all agents pass. */
export interface AgentFilter {
  /** Ids with or without leading zeros. */
  readonly ids?: readonly string[];
  /** One of `active`, `disconnected`, `never_connected`, `pending`; several: any of them. */
  readonly status?: readonly string[];
  readonly nodeName?: readonly string[];
  /** Columns to give; absent: all but `internal_key`. */
  readonly select?: readonly AgentColumn[];
  readonly offset?: number;
  /** At most this many rows; absent: all. */
  readonly limit?: number;
  /** Whether row 0, the manager itself, is among them. Default false. */
  readonly withManager?: boolean;
}

export interface ListedAgents {
  readonly agents: readonly AgentRow[];
  /** How many there are without `offset` and `limit`. */
  readonly total: number;
}
