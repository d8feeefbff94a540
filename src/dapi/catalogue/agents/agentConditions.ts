import { type AgentCondition, allOf, EVERY_AGENT } from "../../../agents/selection/AgentCondition.js";
import { AGENT_FIELDS, type AgentField, fieldTraits, isAgentField } from "../../../agents/selection/agentFields.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import { parseInstant } from "../../query/parseInstant.js";
import { parseQuery } from "../../query/parseQuery.js";
import type { Clause, Query } from "../../query/Query.js";
import type { Search } from "../../query/searchItems.js";
import type { AgentFilters } from "./agentArguments.js";

/** A filter's value that lets all agents pass, and the one that asks for none (dapi.md 6.2). */
const ANY_VALUE = "all";
const NO_VALUE = "null";

/** Fields whose values have no commas, so that several may come as one text (dapi.md 4.3). */
const COMMA_LISTS: ReadonlySet<string> = new Set(["status", "node_name"]);

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const TIMEFRAME = /^(\d{1,10})([smhdw]?)$/;

/** What an asker wants of agents. */
export interface AgentWishes {
  readonly filters?: AgentFilters | null | undefined;
  readonly q?: string | null | undefined;
  readonly search?: Search | null | undefined;
}

/**
 * Filters, query and search as one condition (dapi.md 3.3, 6.2).
 *
 * @param now wall time in milliseconds, for timeframes such as `older_than: 1d`
 * @throws MusterError 1407, 1408, 1409 (`q`, filters), 1412 (dates)
 */
export function agentCondition({ filters, q, search }: AgentWishes, now: number): AgentCondition {
  return allOf(
    ...Object.entries(filters ?? {}).flatMap(([field, values]) => (values ? filterCondition(field, values, now) : [])),
    q ? queryCondition(parseQuery(q, AGENT_FIELDS), now) : EVERY_AGENT,
    search && search.text !== "" ? searchCondition(search) : EVERY_AGENT,
  );
}

function filterCondition(field: string, values: readonly string[], now: number): AgentCondition {
  if (field === "older_than") return { kind: "any", parts: values.map((value) => olderThan(value, now)) };
  const known = requireField(field);
  const single = COMMA_LISTS.has(known) ? values.flatMap((value) => value.split(",")) : values;
  return { kind: "any", parts: single.map((value) => clauseCondition(known, "=", value.trim(), now)) };
}

/** Silent for longer than that; for agents that never connected, registered longer ago. */
function olderThan(value: string, now: number): AgentCondition {
  const never: AgentCondition = { kind: "compare", field: "status", operator: "=", value: "never_connected" };
  return {
    kind: "any",
    parts: [
      allOf({ kind: "not", part: never }, instantCondition("lastKeepAlive", ">", value, now)),
      allOf(never, instantCondition("dateAdd", ">", value, now)),
    ],
  };
}

function queryCondition(query: Query, now: number): AgentCondition {
  if (query.kind === "clause") return clauseCondition(requireField(query.field), query.operator, query.value, now);
  return {
    kind: query.kind === "and" ? "all" : "any",
    parts: query.parts.map((part) => queryCondition(part, now)),
  };
}

function clauseCondition(field: AgentField, operator: Clause["operator"], value: string, now: number): AgentCondition {
  if (value === ANY_VALUE) return EVERY_AGENT;
  const absent: AgentCondition = { kind: "absent", field };
  if (value === NO_VALUE && operator === "=") return absent;
  if (value === NO_VALUE && operator === "!=") return { kind: "not", part: absent };
  if (operator !== "~" && fieldTraits(field).kind === "instant") return instantCondition(field, operator, value, now);
  return { kind: "compare", field, operator, value: field === "version" ? spacedVersion(value) : value };
}

/** A date, or how long ago: `lastKeepAlive>1h` is longer ago than an hour, as the reference reads it. */
function instantCondition(
  field: AgentField,
  operator: Exclude<Clause["operator"], "~">,
  value: string,
  now: number,
): AgentCondition {
  const timeframe = TIMEFRAME.exec(value);
  if (timeframe !== null) {
    const unit = (timeframe[2] === "" ? "s" : timeframe[2]) as keyof typeof SECONDS;
    const since = Math.floor(now / 1000) - Number(timeframe[1]) * SECONDS[unit];
    const isWithin = operator === "<" || operator === "=";
    return { kind: "compare", field, operator: isWithin ? ">" : "<", value: since };
  }
  const instant = parseInstant(value);
  if (instant === undefined) throw MusterError.user(1412, value.slice(0, 64));
  return { kind: "compare", field, operator, value: Math.floor(instant / 1000) };
}

function searchCondition({ text, negation }: Search): AgentCondition {
  const holds: AgentCondition = { kind: "holdsText", text };
  return negation ? { kind: "not", part: holds } : holds;
}

/** `Wazuhv4.3.0`, as clients send it that may not send a space, is `Wazuh v4.3.0`. */
function spacedVersion(value: string): string {
  return value.replace(/([a-zA-Z])v(?=\d)/, "$1 v");
}

function requireField(name: string): AgentField {
  if (isAgentField(name)) return name;
  throw MusterError.user(1408, `Available fields: ${AGENT_FIELDS.join(", ")}. Field: ${name.slice(0, 256)}`);
}
