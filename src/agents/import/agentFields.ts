import type { NewAgent } from "../NewAgent.js";

/** How a field's value is read. */
export type FieldKind = "name" | "text" | "time" | "status" | "syncStatus" | "groups" | "labels";

export interface AgentField {
  readonly member: Exclude<keyof NewAgent, "id">;
  readonly kind: FieldKind;
}

const field = (member: AgentField["member"], kind: FieldKind): AgentField => ({ member, kind });

/** The parts of `os` in an API item, each with its column (dapi.md 6.4). */
export const OS_FIELDS: ReadonlyMap<string, AgentField> = new Map([
  ["name", field("os_name", "text")],
  ["version", field("os_version", "text")],
  ["major", field("os_major", "text")],
  ["minor", field("os_minor", "text")],
  ["codename", field("os_codename", "text")],
  ["build", field("os_build", "text")],
  ["platform", field("os_platform", "text")],
  ["uname", field("os_uname", "text")],
  ["arch", field("os_arch", "text")],
]);

/** Every name that a field of an imported agent may have, besides `id` and `os`: the API's and the column's. */
export const AGENT_FIELDS: ReadonlyMap<string, AgentField> = new Map([
  ["name", field("name", "name")],
  ["ip", field("ip", "text")],
  ["registerIP", field("register_ip", "text")],
  ["register_ip", field("register_ip", "text")],
  ["internal_key", field("internal_key", "text")],
  ...[...OS_FIELDS.values()].map((osField) => [osField.member, osField] as const),
  ...[...OS_FIELDS].map(([name, osField]) => [`os.${name}`, osField] as const),
  ["version", field("version", "text")],
  ["configSum", field("config_sum", "text")],
  ["config_sum", field("config_sum", "text")],
  ["mergedSum", field("merged_sum", "text")],
  ["merged_sum", field("merged_sum", "text")],
  ["manager", field("manager_host", "text")],
  ["manager_host", field("manager_host", "text")],
  ["node_name", field("node_name", "text")],
  ["dateAdd", field("date_add", "time")],
  ["date_add", field("date_add", "time")],
  ["lastKeepAlive", field("last_keepalive", "time")],
  ["last_keepalive", field("last_keepalive", "time")],
  ["status", field("connection_status", "status")],
  ["connection_status", field("connection_status", "status")],
  ["sync_status", field("sync_status", "syncStatus")],
  ["group", field("groups", "groups")],
  ["groups", field("groups", "groups")],
  ["labels", field("labels", "labels")],
]);

/** Fields of later releases that this version of the table has no column for; left out without a word. */
export const LATER_FIELDS: ReadonlySet<string> = new Set([
  "disconnection_time",
  "group_config_status",
  "group_hash",
  "group_sync_status",
  "status_code",
]);
