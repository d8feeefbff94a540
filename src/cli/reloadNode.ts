import { describeConfig } from "../config/describeConfig.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { ConfigSource } from "../config/readNodeConfig.js";
import { reloadOf } from "../config/reloadOf.js";
import type { ResolvedNodeConfig } from "../config/resolveNodeConfig.js";
import { readConfigFiles } from "../node/ports/configFiles.js";
import type { RunningNode } from "../node/startNode.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { RootLogger } from "../telemetry/createLogger.js";

/**
 * Takes up another configuration as far as a running node can, and logs each value that changed: those that hold now,
 * those that hold from the next connection on, and those that need a restart. A configuration with mistakes changes nothing.
 *
 * @returns the configuration that holds
 */
export async function reloadNode(
  before: NodeConfig,
  source: ConfigSource,
  { node, logger }: { readonly node: Pick<RunningNode, "reconfigure">; readonly logger: RootLogger },
): Promise<NodeConfig> {
  let next: ResolvedNodeConfig;
  try {
    next = await readConfigFiles(source);
    for (const key of next.config.keys) logger.addSecret(key);
    if (next.config.keys.length === 0) throw MusterError.cluster(3004, "Unspecified key");
    await node.reconfigure(next.config);
  } catch (error) {
    logger.error(`Nothing was reloaded: ${error instanceof MusterError ? error.toString() : String(error)}`, { error });
    return before;
  }
  for (const warning of next.warnings) logger.warn(warning);
  logger.setLevel(next.config.settings.log.level);
  const old = new Map(describeConfig(before).map(({ name, value }) => [name, value]));
  const changes = describeConfig(next.config).filter(({ name, value }) => old.get(name) !== value);
  for (const { name, value } of changes) {
    const reload = reloadOf(name);
    if (reload === "restart") logger.warn(`${name} is ${value} now: this needs a restart.`);
    else logger.info(`${name} is ${value} now${reload === "at once" ? "" : ", for new connections"}.`);
  }
  const keysChanged = before.keys.join() !== next.config.keys.join();
  logger.info(`Reloaded the configuration: ${changes.length} values changed${keysChanged ? ", and the accepted keys" : ""}.`);
  return next.config;
}
