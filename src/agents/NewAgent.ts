import type { ConnectionStatus, SyncStatus } from "./columns.js";

/** A label of an agent. */
export interface AgentLabel {
  readonly key: string;
  readonly value: string;
}

/**
 * An agent to create or to update, validated. What is absent keeps its value, or has the table's default
 * for a new agent; null clears a column.
 */
export interface NewAgent {
  readonly id: number;
  readonly name?: string;
  readonly ip?: string | null;
  readonly register_ip?: string | null;
  readonly internal_key?: string | null;
  readonly os_name?: string | null;
  readonly os_version?: string | null;
  readonly os_major?: string | null;
  readonly os_minor?: string | null;
  readonly os_codename?: string | null;
  readonly os_build?: string | null;
  readonly os_platform?: string | null;
  readonly os_uname?: string | null;
  readonly os_arch?: string | null;
  readonly version?: string | null;
  readonly config_sum?: string | null;
  readonly merged_sum?: string | null;
  readonly manager_host?: string | null;
  readonly node_name?: string | null;
  /** Seconds since the epoch, UTC. */
  readonly date_add?: number;
  readonly last_keepalive?: number | null;
  readonly connection_status?: ConnectionStatus;
  readonly sync_status?: SyncStatus;
  /** The agent's groups in their order; an empty list: none. */
  readonly groups?: readonly string[];
  /** All labels of the agent: the old ones go. */
  readonly labels?: readonly AgentLabel[];
}
