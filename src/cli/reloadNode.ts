import { readFile, stat } from "node:fs/promises";
import { describeConfig } from "../config/describeConfig.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { ConfigSource } from "../config/readNodeConfig.js";
import { reloadOf } from "../config/reloadOf.js";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import type { ResolvedNodeConfig } from "../config/resolveNodeConfig.js";
import type { RunningNode } from "../node/startNode.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { RootLogger } from "../telemetry/createLogger.js";

/** Passes over the files of a configuration: each may name further ones, as muster.yaml does the keys'. */
const MOST_PASSES = 4;

/**
 * Reads a configuration again without blocking the main thread: what the reading asks for is fetched, until it asks for
 * nothing more.
 */
export async function readAgain(source: ConfigSource): Promise<ResolvedNodeConfig> {
  const known = new Map<string, { readonly text?: string; readonly error?: Error; readonly access?: { mode: number; owner: number } }>();
  for (let pass = 0; ; pass += 1) {
    const asked = new Set<string>();
    const fileOf = (path: string) => {
      if (!known.has(path)) asked.add(path);
      return known.get(path);
    };
    const attempt = (): ResolvedNodeConfig =>
      resolveNodeConfig({
        ...source,
        fileAccess: (path) => fileOf(path)?.access,
        readFile: (path) => {
          const { text, error } = fileOf(path) ?? {};
          if (text !== undefined) return text;
          throw error ?? Object.assign(new Error(`${path} is not read yet`), { code: "ENOENT" });
        },
      });
    let failure: unknown;
    let resolved: ResolvedNodeConfig | undefined;
    try {
      resolved = attempt();
    } catch (error) {
      failure = error;
    }
    if (asked.size === 0 || pass === MOST_PASSES) {
      if (resolved === undefined) throw failure;
      return resolved;
    }
    for (const path of asked) known.set(path, await fetchFile(path));
  }
}

async function fetchFile(path: string) {
  try {
    const { mode, uid: owner } = await stat(path);
    return { text: await readFile(path, "utf8"), access: { mode, owner } };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

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
    next = await readAgain(source);
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
