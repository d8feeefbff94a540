import { printable } from "../../config/printable.js";

type JsonObject = Readonly<Record<string, unknown>>;

interface NodeHealth {
  readonly name: string;
  readonly info: JsonObject;
  /** Undefined for the master. */
  readonly status: JsonObject | undefined;
}

/**
 * The short report of `cluster_control -i` (dapi.md 4.3): a line for each worker.
 *
 * @param clusterName as the node's configuration has it
 * @param health the answer of `get_health`
 */
export function shortHealth(clusterName: string, health: JsonObject): string {
  const workers = nodesOf(health).filter(({ info }) => info.type !== "master");
  const lines = workers.map(({ name, info, status = {} }) => {
    const parts = [
      `Integrity check: ${end(status.last_check_integrity)}`,
      `Integrity sync: ${end(status.last_sync_integrity)}`,
      `Agents-info: ${end(status.last_sync_agentinfo)}`,
      ...(isObject(status.last_sync_agentgroup) ? [`Agent-groups: ${end(status.last_sync_agentgroup)}`] : []),
      ...(isObject(status.last_sync_full_agentgroup) ? [`Agent-groups full: ${end(status.last_sync_full_agentgroup)}`] : []),
      `Last keep alive: ${text(status.last_keep_alive)}.`,
    ];
    return `    ${printable(name)} (${text(info.ip)}): ${parts.join(" | ")}`;
  });
  const count = String(workers.length);
  return [
    `Cluster name: ${printable(clusterName)}`,
    "",
    `Last completed synchronization for connected nodes (${count}):`,
    ...lines,
    "",
    "",
  ].join("\n");
}

/** The long report of `cluster_control -i more` (dapi.md 4.3): a block for each node. */
export function longHealth(clusterName: string, health: JsonObject): string {
  const nodes = nodesOf(health);
  const blocks = nodes.map(({ name, info, status }) => [
    "",
    `    ${printable(name)} (${text(info.ip)})`,
    `        Version: ${text(info.version)}`,
    `        Type: ${text(info.type)}`,
    `        Active agents: ${text(info.n_active_agents)}`,
    ...(status === undefined ? [] : statusLines(status)),
  ]);
  return [
    `Cluster name: ${printable(clusterName)}`,
    "",
    `Connected nodes (${text(health.n_connected_nodes)}):`,
    ...blocks.flat(),
    "",
    "",
  ].join("\n");
}

function statusLines(status: JsonObject): readonly string[] {
  const sync = objectOf(status.last_sync_integrity);
  const files = objectOf(sync.total_files);
  const counts = [`Shared: ${text(files.shared)}`, `Missing: ${text(files.missing)}`, `Extra: ${text(files.extra)}`];
  const hasExtraValid = "sync_extravalid_free" in status;
  if (hasExtraValid) counts.push(`Extra valid: ${text(files.extra_valid)}`);
  const agentInfo = objectOf(status.last_sync_agentinfo);
  return [
    "        Status:",
    "            Last keep Alive:",
    `                Last received: ${text(status.last_keep_alive)}.`,
    "            Integrity check:",
    `                Last integrity check: ${period(status.last_check_integrity)}.`,
    `                Permission to check integrity: ${flag(status.sync_integrity_free)}.`,
    "            Integrity sync:",
    `                Last integrity synchronization: ${period(sync)}.`,
    `                Synchronized files: ${counts.join(" | ")}.`,
    ...(hasExtraValid
      ? [
          `                Permission to sync extra valid files: ${flag(status.sync_extravalid_free)}.`,
          `                Extra valid files correctly updated in master: ${text(sync.total_extra_valid)}.`,
        ]
      : []),
    "            Agents-info:",
    `                Last synchronization: ${period(agentInfo)}.`,
    `                Number of synchronized chunks: ${text(agentInfo.n_synced_chunks)}.`,
    ...("sync_agent_info_free" in status
      ? [`                Permission to synchronize agent-info: ${flag(status.sync_agent_info_free)}.`]
      : []),
    ...groupLines("Agents-groups", status.last_sync_agentgroup),
    ...groupLines("Agents-groups full", status.last_sync_full_agentgroup),
  ];
}

/** The block of a process that only later dialects have; nothing where the report has none. */
function groupLines(title: string, value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  return [
    `            ${title}:`,
    `                Last synchronization: ${period(value)}.`,
    `                Number of synchronized chunks: ${text(value.n_synced_chunks)}.`,
  ];
}

/** Nodes by name, as the reference prints them. */
function nodesOf(health: JsonObject): readonly NodeHealth[] {
  return Object.entries(objectOf(health.nodes))
    .map(([name, node]) => {
      const { info, status } = objectOf(node);
      return { name, info: objectOf(info), status: isObject(status) ? status : undefined };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function period(value: unknown): string {
  const dates = objectOf(value);
  return `${text(dates.date_start_master ?? dates.date_start)} - ${end(dates)}`;
}

function end(value: unknown): string {
  const dates = objectOf(value);
  return text(dates.date_end_master ?? dates.date_end);
}

/** Booleans as the reference prints them. */
function flag(value: unknown): string {
  return typeof value === "boolean" ? (value ? "True" : "False") : text(value);
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "n/a";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
