import { OVERRIDABLE, variableOf } from "../../../src/config/Override.js";
import { COMMANDS } from "../../../src/cli/commands.js";

/** Names of muster's commands. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name);

const KNOWN: ReadonlySet<string> = new Set([...OVERRIDABLE.map(variableOf), "MUSTER_ROOT", "NODE_ENV", "npm_config_ignore_scripts"]);

/** Those of some environment variables that neither muster nor its tools read. */
export function unknownVariables(names: readonly string[]): string[] {
  return names.filter((name) => !KNOWN.has(name));
}
