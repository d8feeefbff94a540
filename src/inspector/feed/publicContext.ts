import { isSecretName, MASK } from "../../config/secrets.js";
import type { Plain } from "../page/wire.js";

/** A viewer reads a context; what is longer or deeper is cut, so that no actor can fill the feed. */
const MOST_CHARACTERS = 300;
const MOST_ENTRIES = 40;
const MOST_DEPTH = 4;

/** The exception as the peer reads it says again what `message` says. */
const LEFT_OUT: ReadonlySet<string> = new Set(["exception"]);

/**
 * What may be shown of a machine's context: plain values, cut to a readable size. Secrets are masked by their
 * names; functions, and objects that are more than data (a clock), are left out.
 */
export function publicContext(context: unknown): { readonly [name: string]: Plain } {
  const shown = plain(context, 0);
  return typeof shown === "object" && shown !== null && !Array.isArray(shown) ? (shown as { readonly [name: string]: Plain }) : {};
}

function plain(value: unknown, depth: number): Plain | undefined {
  switch (typeof value) {
    case "string":
      return value.length <= MOST_CHARACTERS ? value : `${value.slice(0, MOST_CHARACTERS)}…`;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "object":
      return value === null ? null : plainObject(value, depth);
    default:
      return undefined;
  }
}

function plainObject(value: object, depth: number): Plain | undefined {
  if (value instanceof Error) return plain(value.message, depth);
  if (depth >= MOST_DEPTH) return "…";
  if (Array.isArray(value)) {
    const shown: Plain[] = value.slice(0, MOST_ENTRIES).map((entry) => plain(entry, depth + 1) ?? null);
    return value.length <= MOST_ENTRIES ? shown : [...shown, `… ${String(value.length - MOST_ENTRIES)} more`];
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const entries = Object.entries(value);
  const shown: Record<string, Plain> = {};
  for (const [name, entry] of entries.slice(0, MOST_ENTRIES)) {
    if (LEFT_OUT.has(name)) continue;
    const inner = isSecretName(name) ? MASK : plain(entry, depth + 1);
    if (inner !== undefined) shown[name] = inner;
  }
  // Nothing but functions: a clock, say.
  if (entries.length > 0 && Object.keys(shown).length === 0) return undefined;
  if (entries.length > MOST_ENTRIES) shown["…"] = `${String(entries.length - MOST_ENTRIES)} more`;
  return shown;
}
