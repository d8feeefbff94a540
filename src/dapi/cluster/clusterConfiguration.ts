import type { ClusterBlock } from "../../config/NodeConfig.js";
import { MASK, maskSecrets } from "../../config/secrets.js";

/**
 * The node's cluster configuration as local clients and API users read it (dapi.md 5.1): the key, and whatever else is
 * named like a secret, is masked.
 */
export function clusterConfiguration(cluster: ClusterBlock): Readonly<Record<string, unknown>> {
  return {
    disabled: cluster.disabled,
    node_type: cluster.nodeType,
    name: cluster.name,
    node_name: cluster.nodeName,
    key: MASK,
    port: cluster.port,
    bind_addr: cluster.bindAddress,
    nodes: cluster.nodes,
    hidden: cluster.hidden,
    ...(maskSecrets(cluster.extra) as Readonly<Record<string, unknown>>),
  };
}
