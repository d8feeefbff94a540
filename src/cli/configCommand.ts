import type { Command } from "commander";
import { describeConfig } from "../config/describeConfig.js";
import { DEFAULT_ORIGIN, describeOrigins } from "../config/describeOrigins.js";
import { printable } from "../config/printable.js";
import { readNodeConfig } from "../config/readNodeConfig.js";
import type { NodeConfigReading } from "../config/readNodeConfig.js";
import { checkNodeConfig } from "../config/resolveNodeConfig.js";
import type { NodeConfigCheck } from "../config/resolveNodeConfig.js";
import { validateClusterBlock } from "../config/validateClusterBlock.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { addConfigOptions, configSource } from "./configSource.js";
import type { ConfigOptions } from "./configSource.js";

/** `muster config check|show --root DIR` (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  const config = addConfigOptions(
    program.command("config").description("check a node's configuration, or show it with where each value comes from"),
    environment,
  );
  config
    .command("check")
    .description("list every mistake; status 1 when there is one")
    .action((_options: unknown, command: Command) => check(command.optsWithGlobals(), environment));
  config
    .command("show")
    .description("print the resolved configuration, secrets masked")
    .action((_options: unknown, command: Command) => show(command.optsWithGlobals(), environment));
}

function check(options: ConfigOptions, environment: CommandEnvironment): void {
  const { source, warnings } = configSource(options, environment);
  const reading = readNodeConfig(source);
  const judgement = checkNodeConfig(reading);
  warn([...warnings, ...judgement.warnings], environment);
  const config = validConfig(reading, judgement);
  const { cluster } = config;
  environment.stdout.write(
    cluster.disabled
      ? `The configuration of ${config.root} is valid. The cluster is disabled${reading.cluster?.block === undefined ? ": there is no <cluster> block" : ""}.\n`
      : `The configuration of ${config.root} is valid: ${cluster.nodeType} ${cluster.nodeName} of cluster ${cluster.name}, port ${cluster.port}.\n`,
  );
  if (cluster.disabled && reading.cluster?.block !== undefined) {
    const { problems } = validateClusterBlock(reading.cluster, { asIfEnabled: true });
    warn(
      problems.map(({ message }) => `enabling it would fail: ${message}`),
      environment,
    );
  }
}

function show(options: ConfigOptions, environment: CommandEnvironment): void {
  const { source, warnings } = configSource(options, environment);
  const reading = readNodeConfig(source);
  const judgement = checkNodeConfig(reading);
  warn([...warnings, ...judgement.warnings], environment);
  const origins = describeOrigins(reading);
  const rows = describeConfig(validConfig(reading, judgement)).map(({ name, value }) => ({
    name,
    value: printable(value),
    origin: name === "root" ? "" : (origins.get(name) ?? DEFAULT_ORIGIN),
  }));
  const width = (column: "name" | "value"): number => Math.max(...rows.map((row) => row[column].length));
  const [nameWidth, valueWidth] = [width("name"), width("value")];
  for (const { name, value, origin } of rows) {
    environment.stdout.write(`${`${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}`.trimEnd()}\n`);
  }
}

/** The configuration, or a failure that lists every mistake. */
function validConfig(
  { paths }: NodeConfigReading,
  { config, problems }: NodeConfigCheck,
): NonNullable<NodeConfigCheck["config"]> {
  if (config !== undefined) return config;
  const count = problems.length === 1 ? "one mistake" : `${problems.length} mistakes`;
  throw new CommandFailure(`${count} in the configuration of ${paths.root}:`, {
    lines: problems.map(({ message }) => message),
  });
}

function warn(warnings: readonly string[], environment: CommandEnvironment): void {
  for (const text of warnings) environment.stderr.write(`Warning: ${text}\n`);
}
