import { WDB_MAX_TEXT_BYTES } from "../wazuhDb/encodeWdbFrame.js";
import type { SqlRow } from "./SqlDatabase.js";

/** Characters of a bad request that an error repeats (dapi.md 6.1). */
const NEAR_CHARACTERS = 32;

/** `ok`, with a payload where there is one. */
export function ok(payload?: string): string {
  return payload === undefined ? "ok" : `ok ${payload}`;
}

/** More is pending: the command is to be repeated (dapi.md 6.1). */
export function due(payload: string): string {
  return `due ${payload}`;
}

export function err(message: string): string {
  return `err ${message}`;
}

/** `err <what>, near '<first characters>'`, the form of all errors about a request's form (dapi.md 6.1). */
export function errNear(what: string, text: string): string {
  return err(`${what}, near '${text.slice(0, NEAR_CHARACTERS)}'`);
}

export function syntaxError(text: string): string {
  return errNear("Invalid DB query syntax", text);
}

export function jsonError(text: string): string {
  return errNear("Invalid JSON syntax", text);
}

/** The JSON can be read, but something in it is missing or of the wrong type. */
export function jsonDataError(text: string): string {
  return errNear("Invalid JSON data", text);
}

/** An error of SQLite (dapi.md 6.1). */
export function databaseError(error: unknown): string {
  return err(`Cannot execute Global database query; ${error instanceof Error ? error.message : String(error)}`);
}

/** One row as wazuh-db writes it: without its NULL columns (dapi.md 6.1). */
export function rowJson(row: SqlRow): string {
  return JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

/** `ok [<rows>]`, read only as far as the answer reaches; see `cutToBuffer`. */
export function rowsAnswer(rows: Iterable<SqlRow>): string {
  const parts: string[] = [];
  let bytes = "ok []".length;
  for (const row of rows) {
    const json = rowJson(row);
    parts.push(json);
    bytes += Buffer.byteLength(json, "utf8") + 1;
    if (bytes > WDB_MAX_TEXT_BYTES) break;
  }
  return cutToBuffer(ok(`[${parts.join(",")}]`));
}

/**
 * An answer that does not fit wazuh-db's buffer is cut off there, and its length tells the reader so
 * (dapi.md 6.1). A character that the cut goes through is replaced by spaces.
 */
function cutToBuffer(answer: string): string {
  const bytes = Buffer.from(answer, "utf8");
  if (bytes.length < WDB_MAX_TEXT_BYTES) return answer;
  let end = WDB_MAX_TEXT_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end) + " ".repeat(WDB_MAX_TEXT_BYTES - end);
}
