import { MusterError } from "../../protocol/errors/MusterError.js";
import { isRecord } from "../encoding/values.js";
import { fieldOf } from "../results/mergeSorted.js";
import { scalarText } from "./scalarText.js";

/** By which fields, and in which direction, a list is sorted. No fields: by the items themselves. */
export interface Sorting {
  readonly fields: readonly string[];
  readonly ascending: boolean;
}

type SortKey = number | string | null;

/**
 * Sorts a list, stably: texts without regard to case, numbers as numbers, datetimes as instants, what is absent
 * first. Without fields, a list of texts or numbers is sorted by its values and a list of objects stays as it is.
 *
 * @param allowedFields the fields that may be named; without them those that at least one item has
 * @throws MusterError 1403 for another field
 */
export function sortItems<Item>(
  items: readonly Item[],
  { fields: asked, ascending }: Sorting,
  allowedFields?: readonly string[],
): readonly Item[] {
  // The API sends one empty name for "by the items themselves".
  const fields = asked.filter((field) => field !== "");
  refuseOtherFields(items, fields, allowedFields);
  const byValue = fields.length === 0;
  if (byValue && items.some(isRecord)) return items;
  const keyed = items.map((item) => ({
    item,
    keys: byValue ? [keyOf(item)] : fields.map((field) => keyOf(fieldOf(item, field))),
  }));
  const direction = ascending ? 1 : -1;
  return keyed.sort((one, other) => direction * compareKeys(one.keys, other.keys)).map(({ item }) => item);
}

function refuseOtherFields(items: readonly unknown[], fields: readonly string[], allowed?: readonly string[]): void {
  if (allowed === undefined && items.length === 0) return;
  const isKnown =
    allowed === undefined
      ? (field: string) => items.some((item) => fieldOf(item, field) !== undefined)
      : (field: string) => allowed.includes(field);
  const wrong = fields.filter((field) => !isKnown(field));
  if (wrong.length === 0) return;
  const [first] = items;
  const known = allowed ?? (isRecord(first) ? Object.keys(first) : []);
  throw MusterError.user(1403, null, {
    extraRemediation: `Allowed sort fields: ${known.join(", ")}. Wrong fields: ${wrong.join(", ")}`,
  });
}

function keyOf(value: unknown): SortKey {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value === "boolean") return value ? 1 : 0;
  return scalarText(value).toLowerCase();
}

function compareKeys(left: readonly SortKey[], right: readonly SortKey[]): number {
  for (const [index, one] of left.entries()) {
    const other = right[index] ?? null;
    if (one === other) continue;
    if (one === null) return -1;
    if (other === null) return 1;
    if (typeof one === "number" && typeof other === "number") return one - other;
    // Mixed kinds have a fixed order, numbers first, so that the order stays total.
    if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return 0;
}
