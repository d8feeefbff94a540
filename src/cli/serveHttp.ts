import { resolve } from "node:path";
import type { NodeConfig } from "../config/NodeConfig.js";
import { HttpStartError } from "../http/HttpStartError.js";
import type { ListenAddress } from "../http/listenAddress.js";
import { nodeReadiness } from "../http/nodeReadiness.js";
import { registerMetrics } from "../http/metrics/registerMetrics.js";
import { startHttp, type RunningHttp } from "../http/startHttp.js";
import type { InspectedNode } from "../inspector/InspectedNode.js";
import { registerInspector } from "../inspector/registerInspector.js";
import type { NodeEnd, RunningNode } from "../node/startNode.js";
import type { Clock } from "../protocol/Clock.js";
import type { Logger } from "../telemetry/Logger.js";
import { CommandFailure } from "./CommandFailure.js";

export interface ServeHttpOptions {
  readonly listen: ListenAddress;
  readonly config: NodeConfig;
  /** The version that the node speaks of itself. */
  readonly version: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What the inspector needs of the node. */
  readonly inspected: InspectedNode;
}

/**
 * Serves a node's HTTP API until the node has ended. A node whose API can't be served is stopped.
 *
 * @throws CommandFailure when the API can't be served
 */
export async function serveHttp(node: RunningNode, options: ServeHttpOptions): Promise<NodeEnd> {
  let http: RunningHttp;
  try {
    http = await start(node, options.listen, options);
  } catch (error) {
    node.stop();
    await node.ended;
    if (!(error instanceof HttpStartError)) throw error;
    options.logger.error(`The HTTP API can't be served: ${error.message}`);
    throw new CommandFailure(error.message, { cause: error });
  }
  const end = await node.ended;
  await http.close();
  return end;
}

function start(node: RunningNode, listen: ListenAddress, options: ServeHttpOptions): Promise<RunningHttp> {
  const { config, version, logger, clock, inspected } = options;
  const { inspector, stately } = config.settings.http;
  const { root, cluster } = config;
  const { actor, api, watch } = node;
  const { certificate, key } = config.settings.http.tls;
  // The configuration has checked that both are given, or neither.
  const tls = certificate === null || key === null ? undefined : { certFile: resolve(root, certificate), keyFile: resolve(root, key) };
  return startHttp({
    node: { root, name: cluster.nodeName, clusterName: cluster.name, type: cluster.nodeType, version },
    ask: api.ask,
    catalogue: api.catalogue,
    readiness: () => nodeReadiness({ actor, type: cluster.nodeType, clock, within: config.settings.http.readyWithin }),
    listen,
    ...(tls === undefined ? {} : { tls }),
    insecureHttp: config.settings.http.insecure,
    logger,
    clock,
    parts: [
      (app) => {
        registerMetrics(app, watch);
      },
      async (app, { authenticator }) => {
        if (inspector === "off") return;
        await registerInspector(app, {
          node: inspected,
          open: inspector === "open",
          stately,
          authorize: async ({ headers }) => ({ name: authenticator.session(headers.authorization).user }),
        });
      },
    ],
  });
}
