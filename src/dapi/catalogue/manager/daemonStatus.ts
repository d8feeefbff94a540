import type { FunctionContext } from "../../CatalogueFunction.js";

/** Where daemons leave files that tell their state, below the root. */
const RUN_FOLDER = "var/run";

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

/** The daemon whose place muster takes. */
const CLUSTER_DAEMON: DaemonName = "wazuh-clusterd";

export type DaemonName = (typeof DAEMONS)[number];
export type DaemonState = "running" | "stopped" | "failed" | "restarting" | "starting";

/**
 * The state of each daemon, by the files in `var/run` and the processes that they name (dapi.md 3.2, status rule). The
 * cluster's own daemon is this process, whether or not it left a file.
 *
 * @throws the system's error when the folder or a process can't be looked at
 */
export async function daemonStatus({
  files,
  cluster,
}: Pick<FunctionContext, "files" | "cluster">): Promise<Record<DaemonName, DaemonState>> {
  const names = (await files.list(RUN_FOLDER)).map(({ name }) => name);
  const present = new Set(names);
  const stateOf = async (daemon: DaemonName): Promise<DaemonState> => {
    if (present.has(`${daemon}.failed`)) return "failed";
    if (present.has(".restart")) return "restarting";
    if (present.has(`${daemon}.start`)) return "starting";
    const pids = names.map((name) => pidIn(name, daemon)).filter((pid) => pid !== undefined);
    for (const pid of pids) if (await files.processRuns(pid)) return "running";
    if (daemon === CLUSTER_DAEMON && cluster.running) return "running";
    return pids.length === 0 ? "stopped" : "failed";
  };
  const states = await Promise.all(DAEMONS.map(async (daemon) => [daemon, await stateOf(daemon)] as const));
  return Object.fromEntries(states) as Record<DaemonName, DaemonState>;
}

/** The process id in a name such as `wazuh-db-1234.pid`. */
function pidIn(name: string, daemon: string): number | undefined {
  if (!name.startsWith(`${daemon}-`) || !name.endsWith(".pid")) return undefined;
  const digits = name.slice(daemon.length + 1, -".pid".length);
  return /^\d{1,10}$/.test(digits) ? Number(digits) : undefined;
}
