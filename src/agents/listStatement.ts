import type { AgentFilter } from "./AgentRow.js";
import { AgentStoreError } from "./AgentStoreError.js";
import { AGENT_COLUMNS, type AgentColumn } from "./columns.js";
import { parseAgentId } from "./formatAgentId.js";
import { sqlText } from "./wazuhDb/sqlRequest.js";

/** All columns but the agents' keys, which nobody may read this way (dapi.md 3.3). */
const LISTED_COLUMNS: readonly AgentColumn[] = AGENT_COLUMNS.filter((column) => column !== "internal_key");

/**
 * The select for a filter, in the shape of the agents overview (dapi.md 6.2).
 * @throws AgentStoreError 2004 for a value that can't stand in a statement.
 */
export function listStatement(filter: AgentFilter): string {
  const select = (filter.select ?? LISTED_COLUMNS).map(selected);
  const conditions = [
    ...(filter.withManager === true ? [] : ["id > 0"]),
    ...(filter.ids === undefined ? [] : [`id in (${filter.ids.map(idNumber).join(",")})`]),
    ...(filter.status === undefined ? [] : [`connection_status in (${filter.status.map(sqlText).join(",")})`]),
    ...(filter.nodeName === undefined ? [] : [`node_name in (${filter.nodeName.map(sqlText).join(",")})`]),
  ];
  const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  // SQLite knows no offset without a limit.
  const limit = filter.limit ?? (filter.offset === undefined ? undefined : Number.MAX_SAFE_INTEGER);
  const cut = limit === undefined ? "" : ` limit ${rowNumber(limit)} offset ${rowNumber(filter.offset ?? 0)}`;
  return `select ${select.join(", ")} from agent${where} order by id asc${cut}`;
}

function selected(column: AgentColumn): string {
  if (!LISTED_COLUMNS.includes(column)) {
    throw new AgentStoreError(2004, `'${column}' can't be selected; use ${LISTED_COLUMNS.join(", ")}`);
  }
  return column === "group" ? "`group`" : column;
}

/** Row 0 may be asked for by its id, too. */
function idNumber(text: string): number {
  const id = /^0{1,10}$/.test(text) ? 0 : parseAgentId(text);
  if (id === null) throw new AgentStoreError(2004, `'${text.slice(0, 32)}' is no agent id`);
  return id;
}

function rowNumber(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new AgentStoreError(2004, `${value} is no number of rows`);
  return value;
}
