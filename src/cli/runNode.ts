import { rmSync } from "node:fs";
import { join } from "node:path";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { ConfigSource } from "../config/readNodeConfig.js";
import { parseListenAddress } from "../http/listenAddress.js";
import type { InspectedNode } from "../inspector/InspectedNode.js";
import { announceLife } from "../node/announceLife.js";
import { KEY_STATUS_FILE } from "../node/KeyStatusFile.js";
import { becomeUser, findAccount } from "../node/ports/becomeUser.js";
import { forbidCoreDumps } from "../node/ports/processLimits.js";
import { lockRoot } from "../node/ports/rootLock.js";
import { ServiceManager } from "../node/ports/ServiceManager.js";
import { systemClock } from "../node/ports/systemClock.js";
import { startNode } from "../node/startNode.js";
import type { NodeEnd, RunningNode } from "../node/startNode.js";
import { LogTap } from "../telemetry/LogTap.js";
import { openNodeLogger } from "../telemetry/openNodeLogger.js";
import type { NodeLogger } from "../telemetry/openNodeLogger.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { musterVersion } from "./musterVersion.js";
import { writePidFile } from "./pidFile.js";
import type { PidFile } from "./pidFile.js";
import { reloadNode } from "./reloadNode.js";
import type { ServeHttpOptions } from "./serveHttp.js";

export interface RunNodeOptions {
  /** Enabled, with at least one key. */
  readonly config: NodeConfig;
  readonly warnings: readonly string[];
  /** Where the configuration is read from again at SIGHUP. */
  readonly source: ConfigSource;
  /** The account for a node that root starts; null: root stays root. */
  readonly user: string | null;
  readonly traceFile?: string | undefined;
  /** Called once, when the node serves. */
  readonly onServing?: (() => void) | undefined;
}

/** Runs a node until it is told to stop, with everything that a daemon owes to its machine. */
export async function runNode(options: RunNodeOptions, environment: CommandEnvironment): Promise<void> {
  const { config, user } = options;
  const { root, cluster, settings } = config;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && user !== null) await becomeUser(root, await findAccount(user, settings.daemon.group));
  const lock = await lockRoot(root, environment.processId);
  try {
    const { stdout } = environment;
    const tap = new LogTap();
    const logger = await openNodeLogger({
      root,
      level: settings.log.level,
      fileFormat: settings.log.format,
      rotation: settings.log,
      context: { node: cluster.nodeName, tag: cluster.nodeType === "master" ? "Master" : "Worker" },
      secrets: [...config.keys, cluster.key],
      clock: systemClock,
      tap,
      output: { isTerminal: stdout.isTTY === true, colour: stdout.hasColors?.() ?? false },
    });
    try {
      if (!settings.daemon.coreDumps && !forbidCoreDumps()) logger.warn("The system would not forbid core dumps.");
      await runWithLogger(options, environment, { logger, tap });
    } finally {
      await logger.close();
    }
  } finally {
    await lock.release();
  }
}

interface Logs {
  readonly logger: NodeLogger;
  /** Hears every line while somebody watches the node. */
  readonly tap: LogTap;
}

async function runWithLogger(options: RunNodeOptions, environment: CommandEnvironment, logs: Logs): Promise<void> {
  const { logger } = logs;
  const { config, warnings } = options;
  const { root, cluster, settings } = config;
  for (const warning of warnings) logger.warn(warning);
  logger.info(`Starting ${cluster.nodeType} ${cluster.nodeName} of cluster ${cluster.name} in ${root}.`);
  const pidFile = await writePidFile(root, environment.processId);
  try {
    const node = await startNode({
      config,
      logger,
      serveWdb: settings.store.serveWdb,
      workersMayChange: settings.api.workersMayChange,
      version: musterVersion(),
      ...(options.traceFile === undefined ? {} : { traceFile: options.traceFile }),
    });
    await accompany(node, { pidFile, version: node.watch.identity.clusterVersion }, options, environment, logs);
  } finally {
    await pidFile.remove();
  }
}

/** Signals and service manager, from the start of a node to its end. */
async function accompany(
  node: RunningNode,
  { pidFile, version }: { readonly pidFile: PidFile; readonly version: string },
  { config, source, onServing }: RunNodeOptions,
  environment: CommandEnvironment,
  { logger, tap }: Logs,
): Promise<void> {
  const { root, cluster } = config;
  const manager = ServiceManager.of(environment.variables, environment.processId, {
    clock: systemClock,
    onTrouble: (error) => {
      logger.error(`The service manager can't be told how this node fares: ${error.message}`);
    },
  });
  const life = announceLife({
    node,
    kind: cluster.nodeType,
    clock: systemClock,
    manager,
    onServing: () => onServing?.(),
  });
  const stop = (): void => {
    logger.info("Asked to stop: closing the connections.");
    manager?.stopping();
    node.stop();
  };
  if (environment.stop.aborted) stop();
  else environment.stop.addEventListener("abort", stop, { once: true });
  const stopNow = (): void => {
    logger.warn("Asked to stop a second time: stopping at once.");
    logger.flushSync();
    pidFile.removeNow();
    rmSync(join(root, KEY_STATUS_FILE), { force: true });
  };
  environment.stopNow.addEventListener("abort", stopNow, { once: true });

  let current = config;
  let reloading: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    manager?.reloading();
    current = await reloadNode(current, source, { node, logger });
    manager?.ready("reloaded");
  };
  const ends = [
    environment.onSignal("SIGHUP", () => {
      reloading = reloading.then(reload);
    }),
    environment.onSignal("SIGUSR1", () => {
      logger.reopen();
      logger.info("Opened logs/cluster.log anew.");
    }),
  ];
  const listen = parseListenAddress(config.settings.http.listen);
  const inspected: InspectedNode = {
    identity: { name: cluster.nodeName, type: cluster.nodeType, cluster: cluster.name },
    ...{ actor: node.actor, taps: node.taps, log: tap, clock: systemClock },
    peerName: (id) => node.peerName(id),
    // Keys can be replaced while the node runs.
    get secrets() {
      return [...config.keys, ...current.keys, cluster.key];
    },
  };
  const http = { listen, config, version, logger, clock: systemClock, inspected };
  const { error } = await servedUntilEnd(node, http).finally(async () => {
    for (const end of ends) end();
    await reloading;
    life.stop();
    await manager?.flush();
  });
  if (error !== null) {
    logger.error(`The node failed: ${error.message}`);
    throw new CommandFailure(error.message, { cause: error });
  }
  logger.info("Stopped.");
}

/** A node without an HTTP API does without its code, too: that is half of what a process loads. */
async function servedUntilEnd(node: RunningNode, { listen, ...options }: Omit<ServeHttpOptions, "listen"> & { listen: ServeHttpOptions["listen"] | null }): Promise<NodeEnd> {
  if (listen === null) return await node.ended;
  const { serveHttp } = await import("./serveHttp.js");
  return await serveHttp(node, { listen, ...options });
}
