import type { Dialect } from "../dialects/Dialect.js";
import { stringifyPython } from "../pythonJson.js";
import { isErrorClass, MusterError } from "./MusterError.js";
import type { ExtraMessage, NodeError } from "./MusterError.js";

const MARKER = "__wazuh_exception__";

/** What of a dialect shapes an exception's text. */
export type ErrorShape = Pick<Dialect, "clusterErrorIds">;

/** Characters kept of a peer's text that is no exception: enough to read, too few to fill a log. */
const FOREIGN_TEXT_CHARACTERS = 4096;
/** Levels of objects and arrays that an extra message may have. */
const EXTRA_MESSAGE_DEPTH = 8;
/** Error codes have at most this many; anything above is no code. */
const LARGEST_CODE = 99_999;

/**
 * The text of an `err` answer or of a process's error report (protocol.md 7, dapi.md 2). A MusterError keeps
 * its class and code; anything else travels as the internal error 1000 with its text.
 *
 * @param dialect the peer's. @default one whose cluster errors carry `ids`
 */
export function encodeException(error: unknown, dialect?: ErrorShape): string {
  const known = MusterError.from(error);
  return stringifyPython({
    [MARKER]: { __class__: known.errorClass, __object__: exceptionObject(known, dialect) },
  });
}

/**
 * The text of an exception as a peer of this dialect reads it; machines make their texts without knowing the
 * peer. Other texts stay.
 */
export function exceptionFor(text: string, dialect: ErrorShape): string {
  if (dialect.clusterErrorIds) return text;
  const error = parse(text);
  return error === undefined ? text : encodeException(error, dialect);
}

/** The `__object__` of an exception, its keys in the order of the wire. */
export function exceptionObject(error: MusterError, dialect?: ErrorShape): Readonly<Record<string, unknown>> {
  const isBare = error.errorClass === "WazuhClusterError" && dialect?.clusterErrorIds === false;
  return {
    type: "about:blank",
    title: error.title,
    code: error.code,
    extra_message: error.extraMessage,
    extra_remediation: error.extraRemediation,
    cmd_error: error.cmdError,
    dapi_errors: error.dapiErrors,
    ...(error.hasIds && !isBare ? { ids: error.ids } : {}),
  };
}

/**
 * Reads the text of an `err` answer. Never throws: a text that is no exception becomes the cluster error
 * 3000 with that text (protocol.md 2).
 */
export function decodeException(text: string): MusterError {
  return parse(text) ?? MusterError.cluster(3000, foreignText(text));
}

function parse(text: string): MusterError | undefined {
  try {
    return exceptionFromJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function foreignText(text: string): string {
  return text.length > FOREIGN_TEXT_CHARACTERS ? `${text.slice(0, FOREIGN_TEXT_CHARACTERS)}…` : text;
}

/**
 * The exception that a parsed JSON value stands for, or undefined when it stands for none: no marker, a
 * class that this node does not know, a code that is no number. Odd details are dropped one by one.
 */
export function exceptionFromJson(value: unknown): MusterError | undefined {
  const exception = member(value, MARKER);
  const errorClass = member(exception, "__class__");
  const object = member(exception, "__object__");
  const code = member(object, "code");
  if (!isErrorClass(errorClass) || !isCode(code)) return undefined;
  const title = member(object, "title");
  return new MusterError(errorClass, code, {
    extraMessage: extraMessageFromJson(member(object, "extra_message")),
    extraRemediation: textOrNull(member(object, "extra_remediation")),
    cmdError: member(object, "cmd_error") === true,
    dapiErrors: dapiErrorsFromJson(member(object, "dapi_errors")),
    ids: idsFromJson(member(object, "ids")),
    ...(typeof title === "string" ? { title } : {}),
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member of a JSON object; never one that every object inherits. */
function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isCode(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST_CODE;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function extraMessageFromJson(value: unknown): ExtraMessage {
  if (value === undefined || value === null || typeof value === "string") return value ?? null;
  if (!isSafe(value, EXTRA_MESSAGE_DEPTH)) return null;
  return isObject(value) ? value : stringifyPython(value);
}

/**
 * Shallow enough to be walked by recursion, without a key that reaches a prototype when assigned, and without a number
 * beyond a double's range: it would travel on as `Infinity`, which is no JSON.
 */
function isSafe(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0 || Object.hasOwn(value, "__proto__")) return false;
  return Object.values(value).every((inner) => isSafe(inner, depth - 1));
}

function dapiErrorsFromJson(value: unknown): Readonly<Record<string, NodeError>> {
  if (!isObject(value)) return {};
  const errors: [string, NodeError][] = [];
  for (const [node, said] of Object.entries(value)) {
    const error = member(said, "error");
    const logfile = member(said, "logfile");
    if (node === "__proto__" || typeof error !== "string") continue;
    errors.push([node, typeof logfile === "string" ? { error, logfile } : { error }]);
  }
  return Object.fromEntries(errors);
}

function idsFromJson(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((id: unknown): id is string => typeof id === "string");
}
