/** Texts that are the protocol's own words: they must be the same, whatever the data. */
const WORDS: ReadonlySet<string> = new Set([
  "__class__", "all_msg", "some_msg", "none_msg", "title", "type", "code", "error", "sort_fields", "sort_casting", "sort_ascending",
  "failed_items_values", "extra_message", "extra_remediation", "name", "n_connected_nodes", "status",
]);

/**
 * What must be the same in two answers on different machines: keys in their order, types, and the values of the
 * protocol's own words. Lists of objects are as long as they are: the kinds of their items are compared.
 */
export function jsonShape(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    if (WORDS.has(key)) return value;
    const kinds = new Set(value.map((item) => JSON.stringify(jsonShape(item))));
    return [...kinds].sort().map((kind) => JSON.parse(kind) as unknown);
  }
  if (typeof value === "object" && value !== null) {
    // A list of pairs, because the order of keys counts. NULL columns are left out (dapi.md 6.1).
    return Object.entries(value)
      .filter(([name, member]) => member !== null || WORDS.has(name))
      .map(([name, member]) => [name, jsonShape(member, name)]);
  }
  return WORDS.has(key) ? value : typeof value;
}
