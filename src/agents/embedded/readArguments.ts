import { isObject, parseJson } from "./json.js";

/** A whole number ≥ 0 written as decimal digits; null for anything else. */
export function readNumber(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

/** The words of an argument; none when there is no argument. */
export function readWords(argument: string | null): string[] {
  return (argument ?? "").split(" ").filter((word) => word !== "");
}

/** The members that a JSON argument must or may have, by the type of their value. */
export type Shape = Readonly<Record<string, "text" | "number" | "text?" | "number?">>;

type ValueOf<T extends string> = T extends "text"
  ? string
  : T extends "number"
    ? number
    : T extends "text?"
      ? string | null
      : number | null;
export type Shaped<S extends Shape> = { readonly [K in keyof S]: ValueOf<S[K]> };

/**
 * Reads a JSON argument: `syntax` when it is no JSON object, `data` when a member is missing or of another
 * type (a text for a number with nothing but digits is one, as in the reference's callers).
 */
export function readShaped<const S extends Shape>(argument: string | null, shape: S): Shaped<S> | "syntax" | "data" {
  const value = parseJson(argument ?? "");
  if (!isObject(value)) return "syntax";
  const read: Record<string, string | number | null> = {};
  for (const [name, kind] of Object.entries(shape)) {
    const member = memberOf(value[name], kind);
    if (member === undefined) return "data";
    read[name] = member;
  }
  return read as Shaped<S>;
}

function memberOf(value: unknown, kind: Shape[string]): string | number | null | undefined {
  const isOptional = kind.endsWith("?");
  if (value === undefined || value === null) return isOptional ? null : undefined;
  if (kind.startsWith("text")) return typeof value === "string" ? value : undefined;
  if (typeof value === "string") return readNumber(value) ?? undefined;
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
