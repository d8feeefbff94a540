import { isSecretName, MASK } from "../config/secrets.js";

/** Levels of objects that a line shows. */
const DEEPEST = 6;
/** Entries of one list or object that a line shows. */
const MOST_ENTRIES = 100;

/**
 * A value in the form in which a log line may hold it: plain JSON data, values of secret names masked
 * (quality.md 2), errors with their causes, bytes only counted, deep and long data cut. Works on
 * anything, also on objects with cycles or with getters that throw.
 */
export function loggable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "object":
      break;
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return "[function]";
    default:
      return value;
  }
  if (value === null) return null;
  if (depth >= DEEPEST) return "[…]";
  if (value instanceof Error) return loggableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return `[${value.byteLength} bytes]`;
  }
  if (Array.isArray(value) || value instanceof Set) return loggableList([...value], depth);
  if (value instanceof Map) {
    const named = [...(value as ReadonlyMap<unknown, unknown>)].map(([key, entry]) => [String(key), entry] as const);
    return loggableObject(Object.fromEntries(named), depth);
  }
  return loggableObject(value, depth);
}

/** The fields of a line, see `loggable`. */
export function loggableFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return loggableObject(fields, 0);
}

function loggableList(values: readonly unknown[], depth: number): unknown[] {
  const shown = values.slice(0, MOST_ENTRIES).map((entry) => loggable(entry, depth + 1));
  return values.length > MOST_ENTRIES ? [...shown, `[${values.length - MOST_ENTRIES} more]`] : shown;
}

function loggableObject(object: object, depth: number): Record<string, unknown> {
  const names = Object.keys(object);
  const shown = names.slice(0, MOST_ENTRIES).map((name) => {
    if (isSecretName(name)) return [name, MASK];
    try {
      return [name, loggable((object as Readonly<Record<string, unknown>>)[name], depth + 1)];
    } catch {
      return [name, "[unreadable]"];
    }
  });
  if (names.length > MOST_ENTRIES) shown.push(["…", `${names.length - MOST_ENTRIES} more`]);
  return Object.fromEntries(shown) as Record<string, unknown>;
}

function loggableError(error: Error, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = { name: error.name, message: error.message };
  if ("code" in error) shown.code = loggable(error.code, depth + 1);
  if (error.stack !== undefined) shown.stack = error.stack;
  if (error.cause !== undefined) shown.cause = loggable(error.cause, depth + 1);
  if (error instanceof AggregateError) shown.errors = loggableList(error.errors, depth + 1);
  return shown;
}
