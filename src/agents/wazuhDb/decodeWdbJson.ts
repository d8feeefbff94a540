import { AgentStoreError } from "../AgentStoreError.js";

/** What a payload can hold after decoding. */
export type WdbValue =
  string | number | boolean | null | Date | readonly WdbValue[] | { readonly [key: string]: WdbValue };

const DATE = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2}):(\d{2})$/;

/**
 * Decodes a payload by wazuh-db's rules (dapi.md 6.1): a member whose value is the text `(null)` is left out,
 * and `YYYY/MM/DD HH:MM:SS` is an instant in UTC.
 * @throws AgentStoreError 2006 when it is no JSON.
 */
export function decodeWdbJson(payload: string): WdbValue {
  try {
    return JSON.parse(payload, revive) as WdbValue;
  } catch (cause) {
    throw new AgentStoreError(2006, (cause as Error).message, { cause });
  }
}

/**
 * A payload that must be a list of rows.
 * @throws AgentStoreError 2006 when it is something else.
 */
export function decodeWdbRows(payload: string): Readonly<Record<string, WdbValue>>[] {
  const value = decodeWdbJson(payload);
  if (!Array.isArray(value) || !value.every(isRow)) {
    throw new AgentStoreError(2006, `expected a list of rows, got '${payload.slice(0, 32)}'`);
  }
  return value as Readonly<Record<string, WdbValue>>[];
}

function isRow(value: WdbValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function revive(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  // In a list the place is kept, so that nothing moves; only members are left out.
  if (value === "(null)" && !Array.isArray(this)) return undefined;
  const parts = DATE.exec(value);
  if (parts === null) return value;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const instant = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal =
    instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isReal ? instant : value;
}
