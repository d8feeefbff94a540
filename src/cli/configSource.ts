import { Option } from "commander";
import type { Command } from "commander";
import { environmentOverrides, OVERRIDABLE } from "../config/Override.js";
import type { Override } from "../config/Override.js";
import type { ConfigSource } from "../config/readNodeConfig.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { diskSource } from "./diskSource.js";
import { rootOption } from "./rootOption.js";

/** The options of a command that reads a node's configuration. */
export interface ConfigOptions {
  readonly root: string;
  readonly config?: string;
  readonly set?: readonly string[];
}

/** Adds the options of `ConfigOptions` to a command. */
export function addConfigOptions(command: Command, environment: CommandEnvironment): Command {
  const collect = (assignment: string, before: readonly string[] | undefined): string[] => [...(before ?? []), assignment];
  return command
    .addOption(rootOption(environment))
    .option("--config <file>", "another ossec.conf than <root>/etc/ossec.conf")
    .addOption(new Option("--set <name=value>", "a value over files and environment, by its name in `muster config show`; repeatable").argParser(collect));
}

/**
 * A node's configuration with everything that goes over its files.
 *
 * @param more values of options of their own, by name; undefined: not given
 * @throws CommandFailure wrong usage, for a `--set` that sets nothing
 */
export function configSource(
  options: ConfigOptions,
  environment: CommandEnvironment,
  more: readonly { readonly path: string; readonly option: string; readonly text: string | undefined }[] = [],
): { readonly source: ConfigSource; readonly warnings: readonly string[] } {
  const { overrides, warnings } = environmentOverrides(environment.variables);
  const own = more.flatMap(({ path, option, text }): Override[] => (text === undefined ? [] : [{ path, text, origin: option }]));
  const all = [...overrides, ...(options.set ?? []).map(parseSet), ...own];
  return { source: diskSource(options.root, options.config, all), warnings };
}

function parseSet(assignment: string): Override {
  const at = assignment.indexOf("=");
  const path = assignment.slice(0, Math.max(at, 0));
  if (at < 1) throw CommandFailure.wrongUsage(`--set ${assignment}: write name=value, such as --set log.level=debug`);
  if (!OVERRIDABLE.includes(path)) {
    throw CommandFailure.wrongUsage(`--set ${path}: there is no such value. muster config show lists the names`);
  }
  return { path, text: assignment.slice(at + 1), origin: `--set ${path}` };
}
