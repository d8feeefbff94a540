import { INTEGER_COLUMNS, SYNC_COLUMNS, type SyncColumn } from "../../columns.js";
import { err, jsonDataError, jsonError, ok } from "../answers.js";
import type { CommandContext, GlobalCommand } from "../CommandContext.js";
import { isObject, parseJson } from "../json.js";
import type { SqlParameter } from "../SqlDatabase.js";
import { replaceLabels } from "../labels.js";

const WRITTEN = SYNC_COLUMNS.filter((column) => column !== "id");
const UPDATE = `UPDATE agent SET ${WRITTEN.map((column) => `${column} = ?`).join(", ")}, sync_status = 'synced' WHERE id = ?`;

/** Agents of one chunk at most: more would not fit a page even with nothing but their ids. */
const MAX_AGENTS = 10_000;

interface AgentInfo {
  readonly id: number;
  readonly values: readonly SqlParameter[];
  readonly labels: readonly (readonly [string, string])[] | null;
}

/**
 * `sync-agent-info-set <list>`: updates agents by id, and replaces the labels of those that bring a list
 * (dapi.md 6.3). All of the chunk or nothing; ids that are not known have no effect, whatever else they bring.
 */
export const agentInfoSet: GlobalCommand = (argument, context) => {
  const text = argument ?? "";
  const list = parseJson(text);
  if (!Array.isArray(list)) return jsonError(text);
  if (list.length > MAX_AGENTS) return jsonDataError(text);
  const agents: AgentInfo[] = [];
  for (const item of list as unknown[]) {
    const agent = readAgent(item);
    if (agent === "labels") return err("Cannot update labels due to invalid id.");
    if (agent === null) return jsonDataError(text);
    agents.push(agent);
  }
  context.database.transaction(() => {
    for (const agent of agents) store(agent, context);
  });
  return ok();
};

function store(agent: AgentInfo, { database }: CommandContext): void {
  const known = database.run(UPDATE, ...agent.values, agent.id) > 0;
  if (known && agent.labels !== null) replaceLabels(database, agent.id, agent.labels);
}

/** An agent of the list; null when something in it is of the wrong type, `labels` when a label is another agent's. */
function readAgent(item: unknown): AgentInfo | "labels" | null {
  if (!isObject(item)) return null;
  const id = item["id"];
  if (!isAgentId(id)) return null;
  const values: SqlParameter[] = [];
  for (const column of WRITTEN) {
    const value = columnValue(column, item[column]);
    if (value === undefined) return null;
    values.push(value);
  }
  const labels = item["labels"];
  if (labels === undefined || labels === null) return { id, values, labels: null };
  if (!Array.isArray(labels)) return null;
  const pairs: (readonly [string, string])[] = [];
  for (const label of labels as unknown[]) {
    if (!isObject(label)) return null;
    if (label["id"] !== id) return "labels";
    const { key, value } = label;
    if (typeof key !== "string" || typeof value !== "string") return null;
    pairs.push([key, value]);
  }
  return { id, values, labels: pairs };
}

function isAgentId(id: unknown): id is number {
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0;
}

/** What is bound for a column; undefined when the value's type does not fit. Absent columns become NULL. */
function columnValue(column: SyncColumn, value: unknown): SqlParameter | undefined {
  if (value === undefined || value === null) return null;
  if (INTEGER_COLUMNS.has(column)) return Number.isSafeInteger(value) ? (value as number) : undefined;
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value : undefined;
}
