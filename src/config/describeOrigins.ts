import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import type { ClusterSetting } from "./ClusterReading.js";
import type { NodeConfigReading } from "./readNodeConfig.js";

/** What stands for a value that no file sets. */
export const DEFAULT_ORIGIN = "default";

/**
 * Where each value of `describeConfig` comes from: value name → `<file>:<line>`, `<file>`, or nothing
 * for a default (`DEFAULT_ORIGIN`).
 */
export function describeOrigins(reading: NodeConfigReading): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  const { cluster, clusterJson, paths } = reading;
  if (cluster !== undefined) {
    for (const setting of Object.keys(CLUSTER_ELEMENTS) as ClusterSetting[]) {
      const position = cluster.positions[setting];
      if (position !== undefined)
        origins.set(`cluster.${CLUSTER_ELEMENTS[setting]}`, `${cluster.file}:${position.line}`);
    }
    for (const name of Object.keys(cluster.values.extra)) origins.set(`cluster.${name}`, cluster.file);
    for (const [setting, origin] of Object.entries(cluster.overridden)) {
      origins.set(`cluster.${CLUSTER_ELEMENTS[setting as ClusterSetting]}`, origin);
    }
    if (cluster.block === undefined) origins.set("cluster.disabled", `no <cluster> block in ${cluster.file}`);
  }
  for (const name of clusterJson.given) origins.set(name, paths.clusterJson);
  for (const [name, origin] of [...clusterJson.origins, ...reading.settings.origins]) origins.set(name, origin);
  if (reading.keyFiles.files.length > 0) origins.set("keys", reading.keyFiles.files.join(", "));
  else if (cluster !== undefined && cluster.values.key !== "") origins.set("keys", origins.get("cluster.key") ?? cluster.file);
  return origins;
}
