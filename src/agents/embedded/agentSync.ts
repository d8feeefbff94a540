import { asAgentLists, type AgentLists } from "../AgentLists.js";
import { LATER_INTEGER_COLUMNS, LATER_SYNC_COLUMNS } from "../columns.js";
import type { CommandContext } from "./CommandContext.js";
import { isObject, parseJson } from "./json.js";
import { replaceLabels } from "./labels.js";
import { upgradeSchema } from "./schemaUpgrade.js";
import type { SqlParameter, SqlRow } from "./SqlDatabase.js";

const WRITTEN = LATER_SYNC_COLUMNS.filter((column) => column !== "id");
const STATUS_COLUMNS = ["connection_status", "disconnection_time", "status_code", "version"] as const;
/** Columns that may not be empty keep their value when a row has none. */
const KEPT = new Set(["name", "connection_status", "group_config_status"]);

const set = (columns: readonly string[]): string =>
  columns.map((column) => (KEPT.has(column) ? `${column} = coalesce(?, ${column})` : `${column} = ?`)).join(", ");

/** GET /agents/sync (dapi.md 6.5): what waits to be sent, and every agent is counted as sent then. */
export function readAgentSync(context: CommandContext): AgentLists {
  upgradeSchema(context);
  const { database } = context;
  return database.transaction(() => {
    const rows = (status: string, columns: readonly string[]): SqlRow[] => [
      ...database.all(`SELECT ${columns.join(", ")} FROM agent WHERE id > 0 AND sync_status = ? ORDER BY id`, status),
    ];
    const lists = {
      syncreq: rows("syncreq", LATER_SYNC_COLUMNS).map((row) => ({
        ...withoutNulls(row),
        labels: [...database.all("SELECT key, value FROM labels WHERE id = ? ORDER BY key", Number(row["id"]))],
      })),
      syncreq_keepalive: rows("syncreq_keepalive", ["id", "version"]).map(withoutNulls),
      syncreq_status: rows("syncreq_status", ["id", "version", "connection_status", "disconnection_time", "status_code"]).map(withoutNulls),
    };
    database.run("UPDATE agent SET sync_status = 'synced' WHERE id > 0 AND sync_status <> 'synced'");
    return lists;
  });
}

/**
 * POST /agents/sync (dapi.md 6.5): all of it or nothing; ids that are not known have no effect.
 * @throws Error that names what is wrong with the text.
 */
export function writeAgentSync(text: string, context: CommandContext): void {
  const lists = asAgentLists(parseJson(text));
  if (lists === undefined) throw new Error("expected an object with the lists syncreq, syncreq_keepalive and syncreq_status");
  upgradeSchema(context);
  const { database, seconds } = context;
  const each = (list: readonly unknown[], work: (id: number, agent: Readonly<Record<string, unknown>>) => void): void => {
    for (const agent of list) {
      if (!isObject(agent) || !Number.isSafeInteger(agent["id"]) || Number(agent["id"]) <= 0) throw new Error("an agent has no id");
      work(Number(agent["id"]), agent);
    }
  };
  database.transaction(() => {
    each(lists.syncreq, (id, agent) => {
      const values = WRITTEN.map((column) => columnValue(column, agent[column]));
      const known = database.run(`UPDATE agent SET ${set(WRITTEN)}, sync_status = 'synced' WHERE id = ?`, ...values, id) > 0;
      if (known && agent["labels"] !== undefined) replaceLabels(database, id, labelsOf(agent["labels"]));
    });
    each(lists.syncreq_keepalive, (id, agent) => {
      database.run(
        "UPDATE agent SET last_keepalive = ?, connection_status = 'active', disconnection_time = 0, status_code = 0, version = coalesce(?, version), sync_status = 'synced' WHERE id = ?",
        seconds(),
        columnValue("version", agent["version"]),
        id,
      );
    });
    each(lists.syncreq_status, (id, agent) => {
      const values = STATUS_COLUMNS.map((column) => columnValue(column, agent[column]));
      database.run(`UPDATE agent SET ${set(STATUS_COLUMNS)}, sync_status = 'synced' WHERE id = ?`, ...values, id);
    });
  });
}

function withoutNulls(row: SqlRow): SqlRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function columnValue(column: string, value: unknown): SqlParameter {
  if (value === undefined || value === null) return null;
  const isInteger = LATER_INTEGER_COLUMNS.has(column);
  if (isInteger && Number.isSafeInteger(value)) return value as number;
  if (!isInteger && (typeof value === "string" || typeof value === "number")) return String(value);
  throw new Error(`the value of ${column} is of the wrong type`);
}

function labelsOf(labels: unknown): (readonly [string, string])[] {
  if (!Array.isArray(labels)) throw new Error("an agent's labels are no list");
  return labels.map((label: unknown) => {
    if (!isObject(label) || typeof label["key"] !== "string" || typeof label["value"] !== "string") throw new Error("a label has no key or no value");
    return [label["key"], label["value"]] as const;
  });
}
