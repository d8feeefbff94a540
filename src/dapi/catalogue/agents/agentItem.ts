import { formatAgentId } from "../../../agents/formatAgentId.js";
import { fieldTraits, isAgentField } from "../../../agents/selection/agentFields.js";
import type { SelectedRow } from "../../../agents/selection/selectAgents.js";

/** An agent, or a part of one, as the API gives it (dapi.md 3.3). JSON values; a Date is a datetime. */
export type AgentItem = Readonly<Record<string, unknown>>;

/** A row as an item: ids with three digits, groups as a list, instants as Dates, the operating system nested. */
export function agentItem(row: SelectedRow): AgentItem {
  const item: Record<string, unknown> = {};
  const os: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(row)) {
    if (field.startsWith("os.")) os[field.slice("os.".length)] = value;
    else item[field] = fieldValue(field, value);
  }
  return Object.keys(os).length === 0 ? item : { os, ...item };
}

function fieldValue(field: string, value: unknown): unknown {
  if (!isAgentField(field)) return value;
  switch (fieldTraits(field).kind) {
    case "text":
      return value;
    case "number":
      return formatAgentId(Number(value));
    case "groups":
      return String(value).split(",");
    case "instant":
      return new Date(Number(value) * 1000);
  }
}
