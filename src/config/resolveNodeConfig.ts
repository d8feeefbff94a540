import { ConfigurationError } from "./ConfigurationError.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { deepFreeze } from "./deepFreeze.js";
import type { NodeConfig } from "./NodeConfig.js";
import { readNodeConfig } from "./readNodeConfig.js";
import type { ConfigSource, NodeConfigReading } from "./readNodeConfig.js";
import { validateClusterBlock } from "./validateClusterBlock.js";

/** A node's configuration and what its owner should look at. */
export interface ResolvedNodeConfig {
  /** Frozen deeply. */
  readonly config: NodeConfig;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** The judgement on a whole configuration. */
export interface NodeConfigCheck {
  /** Undefined when there are problems. */
  readonly config: NodeConfig | undefined;
  /** Every mistake: unreadable files, the cluster block in the order of dapi.md 5.2, cluster.json, muster.yaml, keys. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/**
 * Reads and validates a node's whole configuration: ossec.conf's `<cluster>` block, cluster.json over
 * its defaults, muster.yaml, keys, and what goes over them (dapi.md 5; protocol.md 8).
 *
 * A node whose cluster is disabled has a valid configuration with `cluster.disabled` true.
 *
 * @throws ConfigurationError 3004, 3005 or 3006, the text of the first mistake and all of them in
 * `problems`
 */
export function resolveNodeConfig(source: ConfigSource): ResolvedNodeConfig {
  const { config, problems, warnings } = checkNodeConfig(readNodeConfig(source));
  if (config === undefined) throw new ConfigurationError(problems);
  return { config, warnings };
}

/** Judges what was read; see `resolveNodeConfig`. Never throws. */
export function checkNodeConfig(reading: NodeConfigReading): NodeConfigCheck {
  const { paths, clusterJson, settings, keyFiles } = reading;
  const keyElsewhere = keyFiles.files.length > 0;
  const cluster = reading.cluster === undefined ? undefined : validateClusterBlock(reading.cluster, { keyElsewhere });
  const problems = [
    ...reading.problems,
    ...(cluster?.problems ?? []),
    ...clusterJson.problems,
    ...settings.problems,
    ...keyFiles.problems,
  ];
  const warnings = [
    ...reading.warnings,
    ...(cluster?.warnings ?? []),
    ...clusterJson.warnings,
    ...keyFiles.warnings,
  ];
  if (cluster?.block === undefined || problems.length > 0) return { config: undefined, problems, warnings };
  const { key } = cluster.block;
  const config = deepFreeze<NodeConfig>({
    root: paths.root,
    cluster: cluster.block,
    dialect: reading.dialect ?? null,
    items: clusterJson.items,
    itemsByDialect: reading.itemsByDialect,
    limits: settings.limits,
    settings: settings.settings,
    keys: keyElsewhere ? keyFiles.keys : key === "" ? [] : [key],
    keyFiles: keyFiles.files,
  });
  return { config, problems, warnings };
}
