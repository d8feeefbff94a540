import { scalarText } from "./scalarText.js";
import { valuesAt } from "./valuesAt.js";

/** Field → the value or the values of which an item must have one; null and absent ones ask for nothing. */
export type Filters = Readonly<Record<string, unknown>>;

/** The items that fulfil all filters. A list in an item fulfils one when a member does. */
export function filterItems<Item>(items: readonly Item[], filters: Filters): readonly Item[] {
  const asked = Object.entries(filters)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([field, value]) => ({ field, values: new Set((Array.isArray(value) ? value : [value]).map(scalarText)) }));
  if (asked.length === 0) return items;
  return items.filter((item) =>
    asked.every(({ field, values }) => valuesAt(item, field).some((own) => values.has(scalarText(own)))),
  );
}
