import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import type { ClusterSetting } from "./ClusterReading.js";
import type { FileItem } from "./ClusterItems.js";
import { INTERVAL_NAMES } from "./intervalNames.js";
import type { JsonObject } from "./JsonReader.js";
import type { NodeConfig } from "./NodeConfig.js";
import { SETTING_ROWS } from "./settings/schema.js";
import { isSecretName, MASK, maskSecret, maskSecrets } from "./secrets.js";

/** One value of a configuration for people; secrets are masked. */
export interface ConfigEntry {
  /** The value's path as the files spell it: `cluster.node_name`, `intervals.worker.keep_alive`. */
  readonly name: string;
  readonly value: string;
}

/**
 * A node's configuration as names and values for printing, in the files' own spelling. The cluster
 * key and everything else that is named like a secret is masked (quality.md 2).
 */
export function describeConfig(config: NodeConfig): readonly ConfigEntry[] {
  return [
    { name: "root", value: config.root },
    ...describeCluster(config),
    ...describeItems(config),
    ...describeIntervals(config),
    { name: "distributed_api.enabled", value: String(config.items.distributedApiEnabled) },
    { name: "keys", value: `${config.keys.length} accepted` },
    ...describeSettings(config),
    ...Object.entries(config.limits).map(([name, value]) => ({ name: `limits.${name}`, value: String(value) })),
  ];
}

/** Nothing is masked here: the settings hold the names of files with secrets, and no secret. */
function describeSettings({ settings }: NodeConfig): ConfigEntry[] {
  return SETTING_ROWS.map(({ path }) => {
    const value = path.split(".").reduce<unknown>((holder, name) => (holder as JsonObject)[name], settings);
    return { name: path, value: value === null ? "(not set)" : Array.isArray(value) ? value.join(", ") : `${value as string | number | boolean}` };
  });
}

function describeCluster({ cluster }: NodeConfig): ConfigEntry[] {
  const settings = Object.keys(CLUSTER_ELEMENTS) as ClusterSetting[];
  const known = settings.map((setting) => ({
    name: `cluster.${CLUSTER_ELEMENTS[setting]}`,
    value: settingText(setting, cluster[setting]),
  }));
  const extra = Object.entries(cluster.extra).map(([name, value]) => ({
    name: `cluster.${name}`,
    value: isSecretName(name) ? MASK : typeof value === "string" ? value : JSON.stringify(maskSecrets(value)),
  }));
  return [...known, ...extra];
}

function settingText(setting: ClusterSetting, value: NodeConfig["cluster"][ClusterSetting]): string {
  if (setting === "key") return maskSecret(String(value));
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? value.join(", ") : String(value);
}

function describeItems({ items }: NodeConfig): ConfigEntry[] {
  return [
    ...Object.entries(items.files).map(([key, item]) => ({ name: `files["${key}"]`, value: itemText(item) })),
    { name: "files.excluded_files", value: items.excludedFiles.join(" ") },
    { name: "files.excluded_extensions", value: items.excludedExtensions.join(" ") },
  ];
}

function itemText(item: FileItem): string {
  const flags = [
    item.recursive ? "recursive" : "",
    item.restart ? "restart" : "",
    item.removeSubdirsIfEmpty ? "remove_subdirs_if_empty" : "",
    item.extraValid ? "extra_valid" : "",
  ];
  return [`0o${item.permissions.toString(8)}`, item.files.join(" "), ...flags.filter((flag) => flag !== "")].join(", ");
}

function describeIntervals({ items }: NodeConfig): ConfigEntry[] {
  return Object.entries(INTERVAL_NAMES).flatMap(([section, names]) => {
    const values: Readonly<Record<string, number>> = items.intervals[section as keyof typeof INTERVAL_NAMES];
    return Object.entries(names).map(([key, name]) => ({
      name: `intervals.${section}.${name}`,
      value: String(values[key]),
    }));
  });
}
