import { CommandFailure } from "../CommandFailure.js";

/**
 * The arguments of a call, from `name=value` texts. A value that is JSON is that value, any other is a text; `name`
 * with dots is a member of an object (`filters.status=active`). A name that comes twice gives a list.
 *
 * @throws CommandFailure (usage) for a text without a name or `=`, and for a name that is text here and object there
 */
export function parseArguments(texts: readonly string[]): Record<string, unknown> {
  const root = new Map<string, unknown>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw CommandFailure.wrongUsage(`--arg takes NAME=VALUE, not '${text}'.`);
    const path = text.slice(0, at).split(".");
    if (path.includes("")) throw CommandFailure.wrongUsage(`--arg ${text}: the name has an empty part.`);
    put(root, path, valueOf(text.slice(at + 1)), text);
  }
  return plain(root) as Record<string, unknown>;
}

function put(into: Map<string, unknown>, [name = "", ...rest]: readonly string[], value: unknown, text: string): void {
  const present = into.get(name);
  if (rest.length === 0) {
    if (present instanceof Map) throw CommandFailure.wrongUsage(`--arg ${text}: ${name} has members already.`);
    into.set(name, !into.has(name) ? value : Array.isArray(present) ? [...(present as unknown[]), value] : [present, value]);
    return;
  }
  if (present !== undefined && !(present instanceof Map)) {
    throw CommandFailure.wrongUsage(`--arg ${text}: ${name} has a value already, so it can have no members.`);
  }
  const members = (present as Map<string, unknown> | undefined) ?? new Map<string, unknown>();
  into.set(name, members);
  put(members, rest, value, text);
}

function valueOf(text: string): unknown {
  // Agents are 001, not 1: a number is one only when it reads the same again.
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...(value as Map<string, unknown>)].map(([name, member]) => [name, plain(member)]));
}
