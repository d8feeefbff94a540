import type { Dialect } from "../../protocol/dialects/Dialect.js";
import type { NodeInfo } from "./NodeInfo.js";

/** Start and end, wall time in milliseconds; null: it has not happened yet. */
export interface HealthPeriod {
  readonly startedAt: number;
  readonly endedAt: number;
}

type ChunkPeriod = HealthPeriod & { readonly chunks: number };

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
  readonly agentInfoFree: boolean;
  readonly lastAgentInfo: ChunkPeriod | null;
  /** Groups that the master's store sent: changes, and all of them. */
  readonly lastGroups: ChunkPeriod | null;
  readonly lastFullGroups: ChunkPeriod | null;
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

/** The answer of `get_health` (dapi.md 4.2); plain JSON, keys in the reference's order. */
export function healthReport(
  workers: readonly WorkerHealth[],
  master: MasterHealth | null,
  { health }: Pick<Dialect, "health">,
): HealthReport {
  const nodes: Record<string, unknown> = {};
  for (const worker of workers) nodes[worker.info.name] = { info: infoOf(worker), status: STATUS[health](worker) };
  if (master !== null) nodes[master.info.name] = { info: infoOf(master) };
  return { n_connected_nodes: workers.length, nodes };
}

/** What stands for what has never happened (dapi.md 4.2). */
const NEVER = "n/a";

/** A date as health prints it: `2021-05-27T10:50:51.325656Z`. */
function healthDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.(\d{3})Z$/, ".$1000Z");
}

function infoOf({ info, activeAgents }: MasterHealth): Record<string, unknown> {
  const { name, type, version, ip } = info;
  return { name, type, version, ip, n_active_agents: activeAgents };
}

/** In dialect 4.3-zip, never is the epoch. */
const EPOCH = healthDate(0);

/** The status by the dialect's shape. */
const STATUS: Readonly<Record<Dialect["health"], (worker: WorkerHealth) => Record<string, unknown>>> = {
  "4.3": status43,
  "4.14": status414,
};

function status414(worker: WorkerHealth): Record<string, unknown> {
  const { lastCheck, lastSync, lastAgentInfo, totalFiles } = worker;
  const { missing, shared, extra } = totalFiles;
  return {
    sync_integrity_free: worker.integrityFree,
    last_check_integrity: masterDates(lastCheck, NEVER),
    last_sync_integrity: {
      ...masterDates(lastSync, NEVER),
      total_extra_valid: 0,
      // The reference begins with four counts, and keeps three of them.
      total_files: lastSync === null ? { missing, shared, extra, extra_valid: 0 } : { missing, extra, shared },
    },
    sync_agent_info_free: worker.agentInfoFree,
    last_sync_agentinfo: { ...masterDates(lastAgentInfo, NEVER), n_synced_chunks: lastAgentInfo?.chunks ?? 0 },
    last_sync_agentgroup: groupDates(worker.lastGroups),
    last_sync_full_agentgroup: groupDates(worker.lastFullGroups),
    last_keep_alive: healthDate(worker.lastKeepalive),
  };
}

function groupDates(period: ChunkPeriod | null): Record<string, unknown> {
  return {
    date_start: period === null ? NEVER : healthDate(period.startedAt),
    date_end: period === null ? NEVER : healthDate(period.endedAt),
    n_synced_chunks: period?.chunks ?? 0,
  };
}

function status43(worker: WorkerHealth): Record<string, unknown> {
  const { lastCheck, lastSync, lastAgentInfo, totalFiles } = worker;
  return {
    sync_integrity_free: worker.integrityFree,
    sync_extravalid_free: worker.extraValidFree,
    last_check_integrity: masterDates(lastCheck, EPOCH),
    last_sync_integrity: {
      ...masterDates(lastSync, EPOCH),
      total_extra_valid: worker.groupsWritten,
      total_files: {
        missing: totalFiles.missing,
        shared: totalFiles.shared,
        extra: totalFiles.extra,
        extra_valid: totalFiles.extraValid,
      },
    },
    last_sync_agentinfo: { ...masterDates(lastAgentInfo, EPOCH), n_synced_chunks: lastAgentInfo?.chunks ?? 0 },
    last_keep_alive: healthDate(worker.lastKeepalive),
  };
}

/** @param never what stands for what has not happened yet */
function masterDates(period: HealthPeriod | null, never: string): Record<string, string> {
  return {
    date_start_master: period === null ? never : healthDate(period.startedAt),
    date_end_master: period === null ? never : healthDate(period.endedAt),
  };
}
