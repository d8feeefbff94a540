import { Option } from "commander";
import type { CommandEnvironment } from "./CommandEnvironment.js";

/** The node's data directory when neither `--root` nor `MUSTER_ROOT` names one (interface.md). */
const DEFAULT_ROOT = "/var/ossec";

/** The `--root DIR` option that most commands have. Its value is in `root`. */
export function rootOption(environment: CommandEnvironment): Option {
  const option = new Option("--root <dir>", "the node's data directory; MUSTER_ROOT sets it too");
  return option.default(rootFromEnvironment(environment));
}

/** The root that holds without `--root`. */
export function rootFromEnvironment({ variables }: CommandEnvironment): string {
  const root = variables.MUSTER_ROOT;
  return root === undefined || root === "" ? DEFAULT_ROOT : root;
}
