/** Members that are the protocol's own words: they must be the same, whatever the data. */
const WORDS: ReadonlySet<string> = new Set([
  "__class__", "all_msg", "some_msg", "none_msg", "title", "type", "code", "error", "sort_fields", "sort_casting", "sort_ascending",
  "failed_items_values", "extra_message", "extra_remediation", "n_connected_nodes", "totalItems",
]);

/**
 * What must be the same in two answers on different machines: keys, types, and the values of the protocol's own words.
 * Of a list, the keys of all its items together: NULL columns are left out (dapi.md 6.1). The order of keys does not
 * count: the reference makes some objects of sets, and orders them differently at each start.
 */
export function jsonShape(value: unknown, key = ""): unknown {
  if (WORDS.has(key)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonShape(item));
    if (items.every(isRecord)) return items.length === 0 ? [] : [Object.assign({}, ...items) as unknown];
    return [...new Set(items.map((item) => JSON.stringify(item)))].sort();
  }
  if (!isRecord(value)) return typeof value;
  const entries = Object.entries(value).filter(([name, member]) => member !== null || WORDS.has(name));
  return Object.fromEntries(entries.map(([name, member]) => [name, jsonShape(member, name)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
