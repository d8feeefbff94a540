import type { NodeInfo } from "./NodeInfo.js";

/** Start and end, wall time in milliseconds; null: it has not happened yet. */
export interface HealthPeriod {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What the master knows of a worker's processes. */
export interface WorkerHealth {
  readonly info: NodeInfo;
  readonly activeAgents: number;
  readonly integrityFree: boolean;
  readonly extraValidFree: boolean;
  readonly lastCheck: HealthPeriod | null;
  readonly lastSync: HealthPeriod | null;
  /** Group files that the last synchronisation brought to the master. */
  readonly groupsWritten: number;
  readonly totalFiles: { readonly missing: number; readonly shared: number; readonly extra: number; readonly extraValid: number };
  readonly lastAgentInfo: (HealthPeriod & { readonly chunks: number }) | null;
  /** Wall time in milliseconds. */
  readonly lastKeepalive: number;
}

export interface MasterHealth {
  readonly info: NodeInfo;
  readonly activeAgents: number;
}

/** What `get_health` answers (dapi.md 4.2). */
export interface HealthReport {
  readonly n_connected_nodes: number;
  readonly nodes: Readonly<Record<string, unknown>>;
}

/** The answer of `get_health` in dialect 4.3-zip (dapi.md 4.2); plain JSON, keys in the reference's order. */
export function healthReport(workers: readonly WorkerHealth[], master: MasterHealth | null): HealthReport {
  const nodes: Record<string, unknown> = {};
  for (const worker of workers) nodes[worker.info.name] = { info: infoOf(worker), status: statusOf(worker) };
  if (master !== null) nodes[master.info.name] = { info: infoOf(master) };
  return { n_connected_nodes: workers.length, nodes };
}

/** A date as health prints it: `2021-05-27T10:50:51.325656Z`; never: the epoch (dapi.md 4.2). */
function healthDate(milliseconds: number | null): string {
  return new Date(milliseconds ?? 0).toISOString().replace(/\.(\d{3})Z$/, ".$1000Z");
}

function infoOf({ info, activeAgents }: MasterHealth): Record<string, unknown> {
  const { name, type, version, ip } = info;
  return { name, type, version, ip, n_active_agents: activeAgents };
}

function statusOf(worker: WorkerHealth): Record<string, unknown> {
  const { lastCheck, lastSync, lastAgentInfo, totalFiles } = worker;
  return {
    sync_integrity_free: worker.integrityFree,
    sync_extravalid_free: worker.extraValidFree,
    last_check_integrity: dates(lastCheck),
    last_sync_integrity: {
      ...dates(lastSync),
      total_extra_valid: worker.groupsWritten,
      total_files: {
        missing: totalFiles.missing,
        shared: totalFiles.shared,
        extra: totalFiles.extra,
        extra_valid: totalFiles.extraValid,
      },
    },
    last_sync_agentinfo: { ...dates(lastAgentInfo), n_synced_chunks: lastAgentInfo?.chunks ?? 0 },
    last_keep_alive: healthDate(worker.lastKeepalive),
  };
}

function dates(period: HealthPeriod | null): Record<string, string> {
  return {
    date_start_master: healthDate(period?.startedAt ?? null),
    date_end_master: healthDate(period?.endedAt ?? null),
  };
}
