import type { AgentStore } from "../AgentStore.js";
import type { CallOptions } from "../CallOptions.js";
import type { WdbValue } from "../wazuhDb/decodeWdbJson.js";
import type { AgentCondition } from "./AgentCondition.js";
import { AGENT_FIELDS, fieldTraits, type AgentField } from "./agentFields.js";
import { conditionSql } from "./conditionSql.js";

/** Which agents, which of their fields, in which order, and which part of them. */
export interface AgentSelection {
  readonly fields: readonly AgentField[];
  readonly where: AgentCondition;
  /** Absent or empty: by id. */
  readonly sortFields?: readonly AgentField[] | undefined;
  /** @default true */
  readonly ascending?: boolean | undefined;
  readonly offset?: number | undefined;
  /** Null or absent: all. */
  readonly limit?: number | null | undefined;
}

/** A row with the API's field names; NULL columns are absent. */
export type SelectedRow = Readonly<Record<string, WdbValue>>;

/** Rows of one page, and how many there are in all. */
export interface SelectedRows {
  readonly rows: readonly SelectedRow[];
  readonly total: number;
}

/** Selects agents in the store itself: filtered, sorted and cut there (dapi.md 6.2, agents overview). */
export async function selectAgents(
  store: AgentStore,
  selection: AgentSelection,
  options?: CallOptions,
): Promise<SelectedRows> {
  const { fields, where, sortFields = [], ascending = true, offset = 0, limit = null } = selection;
  const order = orderSql(sortFields, ascending);
  return await store.query(
    `select ${columnsSql(fields)} from agent where ${conditionSql(where)} order by ${order}${cutSql(offset, limit)}`,
    options,
  );
}

/** By which fields agents are counted, and which part of the counts is asked for. */
export interface AgentCounting {
  readonly fields: readonly AgentField[];
  readonly where: AgentCondition;
  /** Some of the fields, or `count`; absent or empty: the fields in their order. */
  readonly sortFields?: readonly (AgentField | "count")[] | undefined;
  /** @default true */
  readonly ascending?: boolean | undefined;
  readonly offset?: number | undefined;
  /** Null or absent: all. */
  readonly limit?: number | null | undefined;
}

/** Counts agents by the values of fields: rows with these fields and `count`. */
export async function countAgentsBy(
  store: AgentStore,
  { fields, where, sortFields = [], ascending = true, offset = 0, limit = null }: AgentCounting,
  options?: CallOptions,
): Promise<SelectedRows> {
  const expressions = fields.map((field) => fieldTraits(field).expression);
  const direction = ascending ? "asc" : "desc";
  const sorting = sortFields.map((field) => (field === "count" ? "count(*)" : fieldTraits(field).expression));
  const order = [...sorting.map((term) => `${term} ${direction}`), ...expressions.map((term) => `${term} asc`)];
  return await store.query(
    `select ${columnsSql(fields)}, count(*) as 'count' from agent where ${conditionSql(where)}` +
      ` group by ${expressions.join(", ")} order by ${order.join(", ")}${cutSql(offset, limit)}`,
    options,
  );
}

/** How many agents belong to each group that the store knows (dapi.md 6.4). */
export async function countGroupMembers(
  store: AgentStore,
  options?: CallOptions,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await store.query(
    "select name, count(id_agent) as count from `group` left join belongs on id=id_group group by name order by name",
    options,
  );
  return new Map(rows.map(({ name, count }) => [typeof name === "string" ? name : "", Number(count)]));
}

function columnsSql(fields: readonly AgentField[]): string {
  return AGENT_FIELDS.filter((field) => fields.includes(field))
    .map((field) => `${fieldTraits(field).expression} as '${field}'`)
    .join(", ");
}

/** SQLite knows no offset without a limit. */
function cutSql(offset: number, limit: number | null): string {
  const most = limit ?? (offset === 0 ? null : Number.MAX_SAFE_INTEGER);
  return most === null ? "" : ` limit ${most} offset ${offset}`;
}

/** Versions of an operating system are sorted by their numbers; agents that are equal, by id. */
function orderSql(fields: readonly AgentField[], ascending: boolean): string {
  const direction = ascending ? "asc" : "desc";
  const terms = fields.flatMap((field) => {
    const { expression, kind } = fieldTraits(field);
    if (field === "os.major" || field === "os.minor") return [`cast(${expression} as integer)`];
    if (field === "os.version") return ["cast(os_major as integer)", "cast(os_minor as integer)", expression];
    return [kind === "text" || kind === "groups" ? `${expression} collate nocase` : expression];
  });
  if (terms.length === 0) return `id ${direction}`;
  return [...terms.map((term) => `${term} ${direction}`), "id asc"].join(", ");
}
