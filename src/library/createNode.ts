import { createLogger } from "../telemetry/createLogger.js";
import { ClusterNode } from "./ClusterNode.js";
import { configOf } from "./configOf.js";
import type { MasterOptions, WorkerOptions } from "./NodeOptions.js";

/**
 * A master in this process; `start` sets it going.
 *
 * @throws ConfigurationError 3004, 3005 or 3006 that lists every mistake of the options and of the root's files
 */
export async function createMaster(options: MasterOptions): Promise<ClusterNode> {
  return await createNode("master", options);
}

/** A worker in this process, like `createMaster`. */
export async function createWorker(options: WorkerOptions): Promise<ClusterNode> {
  return await createNode("worker", options);
}

async function createNode(type: "master" | "worker", options: MasterOptions & WorkerOptions): Promise<ClusterNode> {
  const { config, warnings } = await configOf(type, options);
  const logger = options.logger ?? createLogger({ level: "error", sinks: [], wallTime: Date.now });
  const own = logger.child({ node: config.cluster.nodeName, tag: type === "master" ? "Master" : "Worker" });
  for (const warning of warnings) own.warn(warning);
  return new ClusterNode({ config, logger: own, threads: options.threads });
}
