import { ConfigurationError } from "../config/ConfigurationError.js";
import { problem } from "../config/ConfigurationProblem.js";
import { OVERRIDABLE } from "../config/Override.js";
import type { Override } from "../config/Override.js";
import type { ResolvedNodeConfig } from "../config/resolveNodeConfig.js";
import { readConfigFiles } from "../node/ports/configFiles.js";
import type { MasterOptions, SettingValue, WorkerOptions } from "./NodeOptions.js";

/** Options that set a value of the cluster block, by the value's name. */
const OPTION_OF = {
  name: "cluster.node_name",
  cluster: "cluster.name",
  key: "cluster.key",
  port: "cluster.port",
  bindAddress: "cluster.bind_addr",
  master: "cluster.nodes",
} as const;

/** Options for a node of one type or the other. */
type AnyOptions = MasterOptions & WorkerOptions;

/**
 * A node's configuration: its root's files, and a program's options over them.
 *
 * @throws ConfigurationError 3004, 3005 or 3006 that lists every mistake
 */
export async function configOf(type: "master" | "worker", options: AnyOptions): Promise<ResolvedNodeConfig> {
  const { root, set = {} } = options;
  const unknown = Object.keys(set).filter((path) => !OVERRIDABLE.includes(path));
  if (unknown.length > 0) {
    throw new ConfigurationError(
      unknown.map((path) => problem(3004, `set: there is no value called ${path}. docs/configuration.md lists the names`)),
    );
  }
  const given = Object.entries(OPTION_OF).flatMap(([name, path]) => {
    const value = options[name as keyof typeof OPTION_OF];
    return value === undefined ? [] : [override(path, value, name)];
  });
  const fixed = [override("cluster.node_type", type, `create${type === "master" ? "Master" : "Worker"}`), override("cluster.disabled", "no", "")];
  // A master has an address for its workers to know; nobody asks it here.
  const nodes = type === "master" && options.master === undefined ? [override("cluster.nodes", options.bindAddress ?? "127.0.0.1", "bindAddress")] : [];
  const overrides = [...Object.entries(set).map(([path, value]) => override(path, value, `set ${path}`)), ...fixed, ...nodes, ...given];
  return await readConfigFiles({ root, overrides, userId: process.getuid?.() });
}

function override(path: string, value: SettingValue, origin: string): Override {
  return { path, text: typeof value === "object" ? value.join(",") : String(value), origin };
}
