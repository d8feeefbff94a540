import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import type { ClusterReading, ClusterSetting, ClusterValues } from "./ClusterReading.js";
import { clusterProblem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import type { Override } from "./Override.js";
import { printable } from "./printable.js";
import { DEFAULT_CLUSTER_VALUES } from "./readClusterBlock.js";

const SETTINGS: ReadonlyMap<string, ClusterSetting> = new Map(
  (Object.keys(CLUSTER_ELEMENTS) as ClusterSetting[]).map((setting) => [`cluster.${CLUSTER_ELEMENTS[setting]}`, setting]),
);

/** Whether any of the overrides is for the cluster block. */
export function hasClusterOverride(overrides: readonly Override[]): boolean {
  return overrides.some(({ path }) => SETTINGS.has(path));
}

/** A block of nothing but defaults: for a node whose environment says all, without an ossec.conf. */
export function emptyCluster(file: string): ClusterReading {
  const block = { line: 1, column: 1 };
  return { file, block, values: DEFAULT_CLUSTER_VALUES, positions: {}, overridden: {}, problems: [], warnings: [] };
}

/**
 * Puts values of the environment and the command line over those of the file, the weakest first. A mistake of
 * the file in a value that is overridden is none any more.
 */
export function overrideCluster(reading: ClusterReading, overrides: readonly Override[]): ClusterReading {
  const values: { -readonly [Name in keyof ClusterValues]: ClusterValues[Name] } = { ...reading.values };
  const overridden: Partial<Record<ClusterSetting, string>> = {};
  const problems = new Map<ClusterSetting, ConfigurationProblem>();
  for (const { path, text, origin } of overrides) {
    const setting = SETTINGS.get(path);
    if (setting === undefined) continue;
    const refuse = (what: string, advice: string): void => {
      const place = { element: CLUSTER_ELEMENTS[setting], file: reading.file, position: undefined, origin, advice };
      problems.set(setting, clusterProblem(what, place));
    };
    overridden[setting] = origin;
    problems.delete(setting);
    switch (setting) {
      case "port":
        if (/^[+-]?\d+$/.test(text)) values.port = Number(text);
        else refuse("Cluster port must be an integer.", `found '${printable(text)}', a number such as 1516 is needed`);
        break;
      case "disabled":
        if (text === "yes" || text === "no") values.disabled = text === "yes";
        else refuse(`Allowed values for 'disabled' field are 'yes' and 'no'. Found: '${printable(text)}'`, "write yes or no");
        break;
      case "nodes":
        values.nodes = text.split(",").map((node) => node.trim());
        break;
      case "nodeType":
        values.nodeType = text === "client" ? "worker" : text;
        break;
      default:
        values[setting] = text;
    }
  }
  const elements = (Object.keys(overridden) as ClusterSetting[]).map((setting) => `(<${CLUSTER_ELEMENTS[setting]}>, `);
  const kept = reading.problems.filter(({ detail }) => !elements.some((element) => detail.includes(element)));
  return { ...reading, values, overridden, problems: [...kept, ...problems.values()] };
}
