import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import { addressText, DEFAULT_LISTEN_ADDRESS, parseListenAddress, type ListenAddress } from "../http/listenAddress.js";
import { startNode } from "../node/startNode.js";
import { systemClock } from "../node/ports/systemClock.js";
import { chooseDialect, DIALECTS } from "../protocol/dialects/index.js";
import { zip43 } from "../protocol/dialects/zip43.js";
import { LOG_LEVELS, type LogLevel } from "../telemetry/Logger.js";
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
  readonly dialect?: string;
  readonly nodeVersion?: string;
  readonly serveWdb: boolean;
  readonly trace?: string;
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
      new Option(
        "--dialect <id>",
        "the dialect that the cluster's nodes speak (default: a master takes its workers', a worker speaks 4.3-zip)",
      ).choices(DIALECTS.map(({ id }) => id)),
    )
    .option("--node-version <version>", "the version that this node says it is: exactly the other nodes' (default: the dialect's)")
    .addOption(
      new Option("--http <address>", "where the HTTP API listens: HOST:PORT, or off")
        .argParser(listenAddressOf)
        .default(DEFAULT_LISTEN_ADDRESS, addressText(DEFAULT_LISTEN_ADDRESS)),
    )
    .option("--serve-wdb", "serve the embedded agent store on queue/db/wdb for other programs", false)
    .option("--trace <file>", "write every change of a machine's state to this file, one JSON object a line")
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
  const chosen = chooseDialect(options.dialect, options.nodeVersion);
  const dialect = chosen ?? zip43;
  const source = diskSource(options.root, options.config);
  const { config, warnings } = resolveNodeConfig({ ...source, dialect });
  const { root, cluster } = config;
  if (cluster.disabled) {
    environment.stderr.write(`muster: the cluster is disabled in the configuration of ${root}; there is nothing to run.\n`);
    return;
  }
  const { stdout } = environment;
  const logger = await openNodeLogger({
    root,
    level: options.logLevel,
    context: { node: cluster.nodeName, tag: cluster.nodeType === "master" ? "Master" : "Worker" },
    secrets: [cluster.key],
    clock: systemClock,
    output: { isTerminal: stdout.isTTY === true, colour: stdout.hasColors?.() ?? false },
  });
  try {
    for (const warning of warnings) logger.warn(warning);
    logger.info(`Starting ${cluster.nodeType} ${cluster.nodeName} of cluster ${cluster.name} in ${root}.`);
    const node = await startNode({
      config,
      dialect,
      ...(chosen !== undefined || cluster.nodeType === "worker"
        ? {}
        : { followWorkers: new Map(DIALECTS.map((other) => [other.id, resolveNodeConfig({ ...source, dialect: other }).config.items])) }),
      logger,
      serveWdb: options.serveWdb,
      ...(options.trace === undefined ? {} : { traceFile: options.trace }),
    });
    const stop = (): void => {
      logger.info("Asked to stop: closing the connections.");
      node.stop();
    };
    if (environment.stop.aborted) stop();
    else environment.stop.addEventListener("abort", stop, { once: true });
    const { error } = await serveHttp(node, { listen: options.http, config, version: dialect.version, logger, clock: systemClock });
    if (error !== null) {
      logger.error(`The node failed: ${error.message}`);
      throw new CommandFailure(error.message, { cause: error });
    }
    logger.info("Stopped.");
  } finally {
    await logger.close();
  }
}
