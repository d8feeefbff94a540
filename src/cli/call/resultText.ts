import Table from "cli-table3";
import { printable } from "../../config/printable.js";
import { renderResult } from "../../dapi/results/renderResult.js";
import type { ApiResult } from "../../dapi/results/ApiResult.js";

/** Columns that a table of items may have; items with more members are printed one below the other. */
const MOST_COLUMNS = 8;

type JsonObject = Readonly<Record<string, unknown>>;

/** A result as people read it: its message, a table or blocks of its items, and what failed. Ends with a line break. */
export function resultText(result: ApiResult): string {
  const rendered = renderResult(result);
  if (result.kind === "result") {
    const { error: _none, ...content } = rendered;
    return `${lines(content, 0).join("\n")}\n`;
  }
  const { message, data } = rendered;
  const { affected_items: items, total_affected_items: total } = data as { affected_items: unknown[]; total_affected_items: number };
  const cut = total > items.length ? ` (${String(items.length)} of ${String(total)} shown)` : "";
  const parts = [`${typeof message === "string" ? message : ""}${cut}`];
  if (items.length > 0) parts.push(itemsText(items));
  for (const { error, ids } of result.failedItems) {
    parts.push(`Failed: ${ids.map(printable).join(", ")}: Error ${String(error.code)} - ${error.message}`);
  }
  return `${parts.join("\n")}\n`;
}

function itemsText(items: readonly unknown[]): string {
  if (!items.every(isObject)) return items.map((item) => cell(item)).join("\n");
  const rows = items.map((item) => flat(item));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  if (items.length === 1 || columns.length > MOST_COLUMNS) {
    return items.map((item) => lines(item, 0).join("\n")).join("\n\n");
  }
  const table = new Table({ head: columns.map((name) => name.toUpperCase()), style: { head: [], border: [] } });
  table.push(...rows.map((row) => columns.map((name) => cell(row.get(name)))));
  return table.toString();
}

/** An object's members with dots between nested names. */
function flat(value: JsonObject, prefix = ""): Map<string, unknown> {
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] =>
    isObject(member) ? [...flat(member, `${prefix}${name}.`)] : [[`${prefix}${name}`, member]],
  );
  return new Map(members);
}

/** `name: value` lines, nested ones indented. */
function lines(value: JsonObject, depth: number): readonly string[] {
  const indent = "  ".repeat(depth);
  return Object.entries(value).flatMap(([name, member]) => {
    const label = `${indent}${printable(name)}:`;
    if (isObject(member)) return [label, ...lines(member, depth + 1)];
    if (Array.isArray(member) && member.some(isObject)) {
      return [label, ...member.flatMap((item) => [`${indent}  -`, ...(isObject(item) ? lines(item, depth + 2) : [`${indent}    ${cell(item)}`])])];
    }
    return [`${label} ${cell(member)}`];
  });
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return printable(value);
  return Array.isArray(value) ? value.map((item) => cell(item)).join(", ") : JSON.stringify(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
