import type { NodeConfig } from "../config/NodeConfig.js";
import type { InspectedNode } from "../inspector/InspectedNode.js";
import { serveInspector, type ServedInspector } from "../inspector/serveInspector.js";
import { systemClock } from "../node/ports/systemClock.js";
import type { RunningNode } from "../node/startNode.js";
import type { LogTap } from "../telemetry/LogTap.js";
import { CommandFailure } from "./CommandFailure.js";

/** What the inspector sees of a node. */
export function inspectedNode(node: RunningNode, config: NodeConfig, log: LogTap): InspectedNode {
  const { nodeName, nodeType, name } = config.cluster;
  return {
    identity: { name: nodeName, type: nodeType, cluster: name },
    actor: node.actor,
    taps: node.taps,
    log,
    clock: systemClock,
    peerName: (id) => node.peerName(id),
    secrets: config.keys,
  };
}

/**
 * Serves the inspector by itself, to this machine alone.
 *
 * @throws CommandFailure when the port can't be had; the node is stopped by then
 */
export async function inspectNode(node: RunningNode, inspected: InspectedNode, port: number): Promise<ServedInspector> {
  try {
    return await serveInspector(inspected, { port });
  } catch (error) {
    node.stop();
    await node.ended;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`the inspector can't be served on port ${String(port)}: ${reason}`, { cause: error });
  }
}
