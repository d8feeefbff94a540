import { sqlText } from "../wazuhDb/sqlRequest.js";
import type { AgentCondition, AgentOperator } from "./AgentCondition.js";
import { AGENT_FIELDS, fieldTraits, type AgentField } from "./agentFields.js";

/** `%` and `_` of a user's text stand for themselves. */
const ESCAPE = "escape '\\'";

/**
 * A condition as an SQL expression over table `agent`, in parentheses where it needs them. Only columns, numbers and
 * quoted texts get into it.
 *
 * @throws AgentStoreError 2004 for a text that can't stand in a statement
 */
export function conditionSql(condition: AgentCondition): string {
  switch (condition.kind) {
    case "all":
      return joined(condition.parts, "and", "1=1");
    case "any":
      return joined(condition.parts, "or", "1=0");
    case "not":
      // What can't be told of a NULL column is not so.
      return `not coalesce(${conditionSql(condition.part)},0)`;
    case "compare":
      return compareSql(condition.field, condition.operator, condition.value);
    case "absent":
      return `${fieldTraits(condition.field).expression} is null`;
    case "ids":
      return idsSql(condition.ids);
    case "memberOf":
      return memberSql(condition.group);
    case "holdsText":
      return `(${AGENT_FIELDS.map((field) => containsSql(field, condition.text)).join(" or ")})`;
  }
}

/** An expression for a field's value as people read it: ids have three digits, instants are UTC. */
function readableSql(field: AgentField): string {
  const { expression, kind } = fieldTraits(field);
  if (kind === "number") return `printf('%03d',${expression})`;
  if (kind === "instant") return `strftime('%Y-%m-%dT%H:%M:%SZ',${expression},'unixepoch')`;
  return expression;
}

function compareSql(field: AgentField, operator: AgentOperator, value: string | number): string {
  const { expression, kind } = fieldTraits(field);
  if (operator === "~") return containsSql(field, String(value));
  if (kind === "groups" && (operator === "=" || operator === "!=")) {
    return operator === "=" ? memberSql(String(value)) : `not ${memberSql(String(value))}`;
  }
  if (kind === "number" || kind === "instant") {
    const number = typeof value === "number" ? value : /^\d{1,15}$/.test(value) ? Number(value) : null;
    // No id is another text than digits.
    if (number === null) return operator === "!=" ? "1=1" : "1=0";
    return `${expression}${operator}${number}`;
  }
  if ((field === "os.major" || field === "os.minor") && (operator === "<" || operator === ">")) {
    return `cast(${expression} as integer)${operator}cast(${sqlText(String(value))} as integer)`;
  }
  return `${expression} ${operator} ${sqlText(String(value))} collate nocase`;
}

function containsSql(field: AgentField, text: string): string {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return `coalesce(${readableSql(field)},'') like ${sqlText(pattern)} ${ESCAPE}`;
}

/** The column holds the names with commas between them (dapi.md 6.2). */
function memberSql(group: string): string {
  return `instr(','||coalesce(\`group\`,'')||',',${sqlText(`,${group},`)})>0`;
}

/** Ids that follow one another are one range, so that many ids fit into one statement. */
function idsSql(ids: readonly number[]): string {
  const sorted = [...new Set(ids)].sort((one, other) => one - other);
  const single: number[] = [];
  const ranges: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    if (end - at < 2) single.push(...sorted.slice(at, end + 1));
    else ranges.push(`id between ${sorted[at]} and ${sorted[end]}`);
    at = end + 1;
  }
  if (single.length > 0) ranges.push(`id in (${single.join(",")})`);
  return ranges.length === 0 ? "1=0" : `(${ranges.join(" or ")})`;
}

function joined(parts: readonly AgentCondition[], word: "and" | "or", empty: string): string {
  if (parts.length === 0) return empty;
  return `(${parts.map(conditionSql).join(` ${word} `)})`;
}
