import { isRecord } from "../encoding/values.js";
import type { AffectedItemsResult } from "./ApiResult.js";

type Sorting = Pick<AffectedItemsResult, "sortFields" | "sortCasting" | "sortAscending">;

/** A value that can be compared; null stands before all others. */
type Key = number | string | null;

/**
 * Merges two sorted lists of items, stably: an item of the right one goes first only when it stands
 * strictly before (dapi.md 1.5). Objects without a field to sort by are compared by their JSON.
 */
export function mergeSorted(left: readonly unknown[], right: readonly unknown[], sorting: Sorting): readonly unknown[] {
  const merged: unknown[] = [];
  let at = 0;
  for (const item of left) {
    while (at < right.length && isBefore(right[at], item, sorting)) merged.push(right[at++]);
    merged.push(item);
  }
  return [...merged, ...right.slice(at)];
}

function isBefore(one: unknown, other: unknown, { sortFields, sortCasting, sortAscending }: Sorting): boolean {
  const criteria = sortFields ?? [null];
  for (const [index, field] of criteria.entries()) {
    const cast = sortCasting[index] ?? sortCasting[0] ?? "str";
    const order = compareKeys(keyOf(one, field, cast), keyOf(other, field, cast));
    if (order !== 0) return order < 0 === (sortAscending[index] ?? sortAscending[0] ?? true);
  }
  return false;
}

function keyOf(item: unknown, field: string | null, cast: "int" | "float" | "str" | "bool"): Key {
  const value = field === null ? item : fieldOf(item, field);
  if (value === undefined || value === null) return null;
  const text = value instanceof Date ? value.toISOString() : typeof value === "string" ? value : JSON.stringify(value);
  if (cast === "str") return text;
  if (cast === "bool") return value ? 1 : 0;
  const number = Number(text);
  // Text where a number was announced is compared as text instead of failing the whole request.
  return Number.isNaN(number) ? text : cast === "int" ? Math.trunc(number) : number;
}

function compareKeys(one: Key, other: Key): number {
  if (one === other) return 0;
  if (one === null) return -1;
  if (other === null) return 1;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one) < String(other) ? -1 : 1;
}

/** A member by its name, with dots between nested names; `\.` is a dot in a name. */
export function fieldOf(item: unknown, field: string): unknown {
  let value = item;
  for (const name of field.split(/(?<!\\)\./)) {
    if (!isRecord(value)) return undefined;
    const key = name.replaceAll("\\.", ".");
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}
