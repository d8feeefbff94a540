import type { NodeFiles } from "./CatalogueFunction.js";

/** Where daemons leave files that tell their state, below the root. */
export const RUN_FOLDER = "var/run";

/** The reference's daemons, in its order (dapi.md 3.2). */
export const DAEMONS = Object.freeze([
  "wazuh-agentlessd",
  "wazuh-analysisd",
  "wazuh-authd",
  "wazuh-csyslogd",
  "wazuh-dbd",
  "wazuh-monitord",
  "wazuh-execd",
  "wazuh-integratord",
  "wazuh-logcollector",
  "wazuh-maild",
  "wazuh-remoted",
  "wazuh-reportd",
  "wazuh-syscheckd",
  "wazuh-clusterd",
  "wazuh-modulesd",
  "wazuh-db",
  "wazuh-apid",
] as const);

export type DaemonName = (typeof DAEMONS)[number];
export type DaemonState = "running" | "stopped" | "failed" | "restarting" | "starting";

/** What the rule needs to know of the node. */
export interface DaemonMarks {
  /** Names of the files in `var/run`. */
  readonly names: ReadonlySet<string>;
  readonly processRuns: NodeFiles["processRuns"];
}

/**
 * The state of a daemon, by the files in `var/run` and the processes that they name (dapi.md 3.2, status rule).
 *
 * @throws the system's error when a process can't be looked at
 */
export async function daemonState(daemon: string, { names, processRuns }: DaemonMarks): Promise<DaemonState> {
  if (names.has(`${daemon}.failed`)) return "failed";
  if (names.has(".restart")) return "restarting";
  if (names.has(`${daemon}.start`)) return "starting";
  const pids = [...names].map((name) => pidIn(name, daemon)).filter((pid) => pid !== undefined);
  for (const pid of pids) if (await processRuns(pid)) return "running";
  return pids.length === 0 ? "stopped" : "failed";
}

/** Has a daemon left any file there? */
export function hasMark(daemon: string, names: ReadonlySet<string>): boolean {
  if (names.has(`${daemon}.failed`) || names.has(`${daemon}.start`)) return true;
  return [...names].some((name) => pidIn(name, daemon) !== undefined);
}

/** The process id in a name such as `wazuh-db-1234.pid`. */
function pidIn(name: string, daemon: string): number | undefined {
  if (!name.startsWith(`${daemon}-`) || !name.endsWith(".pid")) return undefined;
  const digits = name.slice(daemon.length + 1, -".pid".length);
  return /^\d{1,10}$/.test(digits) ? Number(digits) : undefined;
}
