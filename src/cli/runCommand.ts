import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import { parseListenAddress } from "../http/listenAddress.js";
import { DIALECTS } from "../protocol/dialects/index.js";
import { LOG_LEVELS } from "../telemetry/Logger.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { addConfigOptions, configSource } from "./configSource.js";
import type { ConfigOptions } from "./configSource.js";
import { runNode } from "./runNode.js";

interface RunOptions extends ConfigOptions {
  readonly logLevel?: string;
  readonly http?: string;
  readonly dialect?: string;
  readonly nodeVersion?: string;
  readonly serveWdb?: boolean;
  readonly trace?: string;
}

/** `muster run --root DIR`: a node in the foreground (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  addConfigOptions(program.command("run").description("run a node in the foreground until it is told to stop"), environment)
    .addOption(new Option("--log-level <level>", "the least urgent lines to write").choices(LOG_LEVELS))
    .addOption(new Option("--http <host:port>", "where the HTTP interface listens; off: nowhere").argParser(listenAddressText))
    .addOption(new Option("--dialect <id>", "the dialect that the cluster's nodes speak").choices(DIALECTS.map(({ id }) => id)))
    .option("--node-version <version>", "the version that this node says it is: exactly the other nodes'")
    .option("--serve-wdb", "serve the embedded agent store on queue/db/wdb for other programs")
    .option("--trace <file>", "write every change of a machine's state to this file, one JSON object a line")
    .action((options: RunOptions) => run(options, environment));
}

async function run(options: RunOptions, environment: CommandEnvironment): Promise<void> {
  const { source, warnings: ignored } = configSource(options, environment, [
    { path: "log.level", option: "--log-level", text: options.logLevel },
    { path: "http.listen", option: "--http", text: options.http },
    { path: "dialect.id", option: "--dialect", text: options.dialect },
    { path: "dialect.version", option: "--node-version", text: options.nodeVersion },
    { path: "store.serveWdb", option: "--serve-wdb", text: options.serveWdb === true ? "true" : undefined },
  ]);
  const { config, warnings } = resolveNodeConfig(source);
  if (config.cluster.disabled) {
    environment.stderr.write(`muster: the cluster is disabled in the configuration of ${config.root}; there is nothing to run.\n`);
    return;
  }
  const { user } = config.settings.daemon;
  await runNode({ config, source, warnings: [...ignored, ...warnings], user, traceFile: options.trace }, environment);
}

/** The text as it stands: it is a setting like any other. A wrong one is wrong usage. */
function listenAddressText(text: string): string {
  try {
    parseListenAddress(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
