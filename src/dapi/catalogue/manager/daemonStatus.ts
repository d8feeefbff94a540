import type { FunctionContext } from "../../CatalogueFunction.js";
import { DAEMONS, daemonState, RUN_FOLDER, type DaemonName, type DaemonState } from "../../daemonState.js";

/** The daemon whose place muster takes. */
const CLUSTER_DAEMON: DaemonName = "wazuh-clusterd";

/**
 * The state of each daemon. The cluster's own daemon is this process, whether or not it left a file.
 *
 * @throws the system's error when the folder or a process can't be looked at
 */
export async function daemonStatus({
  files,
  cluster,
}: Pick<FunctionContext, "files" | "cluster">): Promise<Record<DaemonName, DaemonState>> {
  const names = new Set((await files.list(RUN_FOLDER)).map(({ name }) => name));
  const marks = { names, processRuns: (pid: number) => files.processRuns(pid) };
  const stateOf = async (daemon: DaemonName): Promise<DaemonState> => {
    const state = await daemonState(daemon, marks);
    const isThisProcess = daemon === CLUSTER_DAEMON && cluster.running && !names.has(`${daemon}.failed`);
    return isThisProcess && (state === "stopped" || state === "failed") ? "running" : state;
  };
  const states = await Promise.all(DAEMONS.map(async (daemon) => [daemon, await stateOf(daemon)] as const));
  return Object.fromEntries(states) as Record<DaemonName, DaemonState>;
}
