import { SETTING_ROWS } from "./settings/schema.js";
import type { Reload } from "./settings/setting.js";

/** Limits that the node's own listener or its machines have taken up for good. */
const FIXED_LIMITS: ReadonlySet<string> = new Set(["helloTimeout", "ungreetedPerAddress", "ungreetedConnections"].map((name) => `limits.${name}`));

/** When a change of a value takes effect, by its name in `describeConfig`. */
export function reloadOf(name: string): Reload {
  if (name === "keys" || name === "cluster.key" || name.startsWith("files")) return "at once";
  if (name.startsWith("limits.")) return FIXED_LIMITS.has(name) ? "restart" : "new connections";
  if (name === "intervals.communication.timeout_cluster_request") return "new connections";
  return SETTING_ROWS.find(({ path }) => path === name)?.notes.reload ?? "restart";
}
