/** The columns of the `agent` table, version 2, in their order (dapi.md 6.4). */
export const AGENT_COLUMNS = [
  "id",
  "name",
  "ip",
  "register_ip",
  "internal_key",
  "os_name",
  "os_version",
  "os_major",
  "os_minor",
  "os_codename",
  "os_build",
  "os_platform",
  "os_uname",
  "os_arch",
  "version",
  "config_sum",
  "merged_sum",
  "manager_host",
  "node_name",
  "date_add",
  "last_keepalive",
  "group",
  "sync_status",
  "connection_status",
] as const;
export type AgentColumn = (typeof AGENT_COLUMNS)[number];

/** The columns that travel from a worker to the master, in the order of a chunk's rows (dapi.md 6.3). */
export const SYNC_COLUMNS = [
  "id",
  "name",
  "ip",
  "os_name",
  "os_version",
  "os_major",
  "os_minor",
  "os_codename",
  "os_build",
  "os_platform",
  "os_uname",
  "os_arch",
  "version",
  "config_sum",
  "merged_sum",
  "manager_host",
  "node_name",
  "last_keepalive",
  "connection_status",
] as const satisfies readonly AgentColumn[];
export type SyncColumn = (typeof SYNC_COLUMNS)[number];

/** Columns that hold whole numbers; all others hold text. */
export const INTEGER_COLUMNS: ReadonlySet<AgentColumn> = new Set(["id", "date_add", "last_keepalive"]);

/** The columns that travel in dialect 4.14 (dapi.md 6.3, 6.5). */
export const LATER_SYNC_COLUMNS = [...SYNC_COLUMNS, "disconnection_time", "group_config_status", "status_code"] as const;
export const LATER_INTEGER_COLUMNS: ReadonlySet<string> = new Set([...INTEGER_COLUMNS, "disconnection_time", "status_code"]);

export const CONNECTION_STATUSES = ["pending", "never_connected", "active", "disconnected"] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

export const SYNC_STATUSES = ["synced", "syncreq"] as const;
/** What version 7 adds: only the keepalive, or only the connection, is to be sent (dapi.md 6.4). */
export const LATER_SYNC_STATUSES = ["syncreq_status", "syncreq_keepalive"] as const;
export type SyncStatus = (typeof SYNC_STATUSES)[number];
