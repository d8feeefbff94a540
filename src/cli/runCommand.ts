import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import { addressText, DEFAULT_LISTEN_ADDRESS, parseListenAddress, type ListenAddress } from "../http/listenAddress.js";
import { startNode, type RunningNode } from "../node/startNode.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { InspectedNode } from "../inspector/InspectedNode.js";
import { serveInspector, type ServedInspector } from "../inspector/serveInspector.js";
import { systemClock } from "../node/ports/systemClock.js";
import { zip43 } from "../protocol/dialects/zip43.js";
import { LOG_LEVELS, type LogLevel } from "../telemetry/Logger.js";
import { LogTap } from "../telemetry/LogTap.js";
import { openNodeLogger } from "../telemetry/openNodeLogger.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { diskSource } from "./diskSource.js";
import { rootOption } from "./rootOption.js";
import { serveHttp } from "./serveHttp.js";

interface RunOptions {
  readonly root: string;
  readonly config?: string;
  /** Null: no HTTP API. */
  readonly http: ListenAddress | null;
  readonly logLevel: LogLevel;
  readonly serveWdb: boolean;
  readonly trace?: string;
  readonly inspectorPort?: number;
}

/** `muster run --root DIR`: a node in the foreground (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  program
    .command("run")
    .description("run a node in the foreground until it is told to stop")
    .addOption(rootOption(environment))
    .option("--config <file>", "another ossec.conf than <root>/etc/ossec.conf")
    .addOption(new Option("--log-level <level>", "the least urgent lines to write").choices(LOG_LEVELS).default("info"))
    .addOption(
      new Option("--http <address>", "where the HTTP API listens: HOST:PORT, or off")
        .argParser(listenAddressOf)
        .default(DEFAULT_LISTEN_ADDRESS, addressText(DEFAULT_LISTEN_ADDRESS)),
    )
    .option("--serve-wdb", "serve the embedded agent store on queue/db/wdb for other programs", false)
    .option("--trace <file>", "write every change of a machine's state to this file, one JSON object a line")
    .option("--inspector-port <port>", "serve the inspector, without a login, to this machine alone (127.0.0.1)", portOption)
    .action((options: RunOptions) => run(options, environment));
}

function listenAddressOf(text: string): ListenAddress | null {
  try {
    return parseListenAddress(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function run(options: RunOptions, environment: CommandEnvironment): Promise<void> {
  const { config, warnings } = resolveNodeConfig(diskSource(options.root, options.config));
  const { root, cluster } = config;
  if (cluster.disabled) {
    environment.stderr.write(`muster: the cluster is disabled in the configuration of ${root}; there is nothing to run.\n`);
    return;
  }
  const { stdout } = environment;
  const tap = new LogTap();
  const logger = await openNodeLogger({
    root,
    level: options.logLevel,
    context: { node: cluster.nodeName, tag: cluster.nodeType === "master" ? "Master" : "Worker" },
    secrets: [cluster.key],
    clock: systemClock,
    tap,
    output: { isTerminal: stdout.isTTY === true, colour: stdout.hasColors?.() ?? false },
  });
  try {
    for (const warning of warnings) logger.warn(warning);
    logger.info(`Starting ${cluster.nodeType} ${cluster.nodeName} of cluster ${cluster.name} in ${root}.`);
    const node = await startNode({
      config,
      dialect: zip43,
      logger,
      serveWdb: options.serveWdb,
      ...(options.trace === undefined ? {} : { traceFile: options.trace }),
    });
    const inspected = inspectedNode(node, config, tap);
    const inspector = options.inspectorPort === undefined ? undefined : await inspect(node, inspected, options.inspectorPort);
    if (inspector !== undefined) logger.info(`The inspector is at ${inspector.address}`);
    const stop = (): void => {
      logger.info("Asked to stop: closing the connections.");
      node.stop();
    };
    if (environment.stop.aborted) stop();
    else environment.stop.addEventListener("abort", stop, { once: true });
    const { error } = await serveHttp(node, { listen: options.http, config, version: zip43.version, logger, clock: systemClock, inspected });
    await inspector?.close();
    if (error !== null) {
      logger.error(`The node failed: ${error.message}`);
      throw new CommandFailure(error.message, { cause: error });
    }
    logger.info("Stopped.");
  } finally {
    await logger.close();
  }
}

function inspectedNode(node: RunningNode, config: NodeConfig, log: LogTap): InspectedNode {
  const { nodeName, nodeType, name, key } = config.cluster;
  return {
    identity: { name: nodeName, type: nodeType, cluster: name },
    actor: node.actor,
    taps: node.taps,
    log,
    clock: systemClock,
    peerName: (id) => node.peerName(id),
    secrets: [key],
  };
}

/** Serves the inspector by itself. A port that is taken ends the node with a clear error. */
async function inspect(node: RunningNode, inspected: InspectedNode, port: number): Promise<ServedInspector> {
  try {
    return await serveInspector(inspected, { port });
  } catch (error) {
    node.stop();
    await node.ended;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`the inspector can't be served on port ${String(port)}: ${reason}`, { cause: error });
  }
}

const HIGHEST_PORT = 65_535;

function portOption(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= HIGHEST_PORT) return port;
  throw new InvalidArgumentError(`a port is a number from 0 (any free one) to ${String(HIGHEST_PORT)}.`);
}
