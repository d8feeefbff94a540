import { MusterError } from "../../protocol/errors/MusterError.js";

/** JSON, as it comes from the wire. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Deepest nesting of a value that is taken from a peer. */
const DEEPEST_VALUE = 64;

const DATETIME = "__wazuh_datetime__";
const NAIVE_DATETIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?(?:\+00:00|Z)?$/;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A value with its Dates as the objects in which datetimes travel: naive UTC, `2021-06-01T10:00:00` (dapi.md 2). */
export function encodeValue(value: unknown): unknown {
  if (value instanceof Date) return { [DATETIME]: datetimeText(value) };
  if (Array.isArray(value)) return value.map(encodeValue);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encodeValue(member)]));
}

/**
 * The reverse: datetime objects become Dates. Other marker objects stay as they are: nothing is made
 * of a name from the wire.
 *
 * @throws MusterError 1000 for a datetime that is none, for a value nested deeper than `DEEPEST_VALUE`, and for a number
 *   beyond a double's range: it would travel on as `Infinity`, which is no JSON
 */
export function decodeValue(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST_VALUE) throw undecodable("a value nested too deeply");
  if (typeof value === "number" && !Number.isFinite(value)) throw undecodable("a number that is too large");
  if (Array.isArray(value)) return value.map((member) => decodeValue(member, depth + 1));
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, DATETIME)) return decodeDatetime(value[DATETIME]);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decodeValue(member, depth + 1)]));
}

/** Wazuh's error for an object that can't be decoded (dapi.md 2). */
export function undecodable(what: string): MusterError {
  return MusterError.internal(1000, `Wazuh object cannot be decoded from JSON ${what}`, { cmdError: true });
}

/** `2021-06-01T10:00:00`, with microseconds only when there are some. */
function datetimeText(date: Date): string {
  const text = date.toISOString().slice(0, -1);
  return text.endsWith(".000") ? text.slice(0, -4) : `${text}000`;
}

function decodeDatetime(value: unknown): Date {
  const match = typeof value === "string" ? NAIVE_DATETIME.exec(value) : null;
  if (match === null) throw undecodable(JSON.stringify({ [DATETIME]: value }));
  const [, year, month, day, hours = "0", minutes = "0", seconds = "0", fraction = "0"] = match;
  const milliseconds = Math.floor(Number(fraction.padEnd(6, "0")) / 1000);
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds), milliseconds));
  if (Number.isNaN(date.getTime())) throw undecodable(JSON.stringify({ [DATETIME]: value }));
  return date;
}
