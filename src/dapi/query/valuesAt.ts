import { isRecord } from "../encoding/values.js";

/**
 * All values that a field's name leads to: dots stand between nested names, a list on the way (and at the end) is
 * followed in each of its members, and a member whose own name has dots (`details.audit.exe`) is found as well.
 */
export function valuesAt(item: unknown, field: string): readonly unknown[] {
  return follow(item, field.split("."));
}

function follow(value: unknown, names: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((member) => follow(member, names));
  if (names.length === 0) return value === undefined ? [] : [value];
  if (!isRecord(value)) return [];
  for (let length = 1; length <= names.length; length += 1) {
    const name = names.slice(0, length).join(".");
    if (Object.hasOwn(value, name)) return follow(value[name], names.slice(length));
  }
  return [];
}
