import { NO_TASK, ANSWER_TEXT } from "./commands.js";
import { decodeException, encodeException } from "./errors/exceptionJson.js";
import { MusterError } from "./errors/MusterError.js";
import { pythonBytesText } from "./pythonBytesText.js";

/**
 * What commands carry, read and written (protocol.md 3, 4, 5 and 12). Every parser throws error 1000
 * with a text that names the command and the expected form; a payload of the wrong form is answered,
 * and ends nothing (quality.md 3).
 */

const SPACE = 0x20;
const LONGEST_SHOWN_PAYLOAD = 80;
/** Decimal numbers of at most this many digits are exact in a double. */
const LENGTH_DIGITS = /^[0-9]{1,15}$/;
const U32_DIGITS = /^(?:0|[1-9][0-9]{0,9})$/;

/** The error for a payload that does not have the form that its command wants. */
export function malformed(command: string, expected: string, payload: Uint8Array): MusterError {
  const shown = payload.subarray(0, LONGEST_SHOWN_PAYLOAD);
  const rest = payload.length - shown.length;
  const got = `${pythonBytesText(shown)}${rest > 0 ? ` and ${rest} more bytes` : ""}`;
  return MusterError.internal(1000, `${command} expects '${expected}', but got ${got}`);
}

/** Splits `<head> <tail>` at the first space; the head must not be empty. The tail is not copied. */
function splitAtFirstSpace(command: string, expected: string, payload: Buffer): { head: string; tail: Buffer } {
  const space = payload.indexOf(SPACE);
  if (space < 1) throw malformed(command, expected, payload);
  return { head: payload.toString("utf8", 0, space), tail: payload.subarray(space + 1) };
}

/** `file_upd` and `file_end`: the path as it came, and the bytes behind it. */
export function parsePathAndBytes(command: string, payload: Buffer): { path: string; bytes: Buffer } {
  const { head, tail } = splitAtFirstSpace(command, "<path> <bytes>", payload);
  return { path: head, bytes: tail };
}

/** `str_upd`: the string's id as it came, and the bytes behind it. */
export function parseStringIdAndBytes(command: string, payload: Buffer): { stringId: string; bytes: Buffer } {
  const { head, tail } = splitAtFirstSpace(command, "<string id> <bytes>", payload);
  return { stringId: head, bytes: tail };
}

/** `new_str` and `err_str`: a length in bytes. The error's text is the reference's. */
export function parseLength(payload: Buffer): number {
  const text = payload.toString("latin1").trim();
  if (!LENGTH_DIGITS.test(text)) {
    throw MusterError.internal(
      1000,
      `invalid literal for int() with base 10: ${pythonBytesText(payload.subarray(0, LONGEST_SHOWN_PAYLOAD))}`,
    );
  }
  return Number(text);
}

/** `syn_a_w_m`, and the answer to `new_str`: a string id, an unsigned 32-bit number in decimal. */
export function parseStringId(command: string, payload: Buffer): string {
  const text = payload.toString("latin1");
  if (!U32_DIGITS.test(text) || Number(text) >= 2 ** 32) throw malformed(command, "<string id>", payload);
  return text;
}

/** `syn_…_e`: the task that a file is for, and the file's path as it came. */
export function parseTaskAndPath(command: string, payload: Buffer): { taskId: string; path: string } {
  const { head, tail } = splitAtFirstSpace(command, "<task id> <path>", payload);
  if (tail.length === 0) throw malformed(command, "<task id> <path>", payload);
  return { taskId: head, path: tail.toString("utf8") };
}

export function formatTaskAndPath(taskId: string, path: string): Buffer {
  return Buffer.from(`${taskId} ${path}`);
}

/**
 * `syn_…_r`: the task that failed (null for `None`) and the peer's error. A text behind the task
 * that is no JSON is error 1000, as in the reference.
 */
export function parseTaskAndError(command: string, payload: Buffer): { taskId: string | null; error: MusterError } {
  const { head, tail } = splitAtFirstSpace(command, "<task id or None> <exception JSON>", payload);
  const text = tail.toString("utf8");
  parseJsonText(command, text);
  return { taskId: head === NO_TASK ? null : head, error: decodeException(text) };
}

export function formatTaskAndError(taskId: string | null, error: unknown): Buffer {
  return Buffer.from(`${taskId ?? NO_TASK} ${encodeException(error)}`);
}

/** `dapi`, `dapi_err`, `sendsync`, `sendsyn_err`: an id of the asker's, and a text. */
export function parseIdAndText(command: string, payload: Buffer): { id: string; text: string } {
  const { head, tail } = splitAtFirstSpace(command, "<id> <text>", payload);
  return { id: head, text: tail.toString("utf8") };
}

export function formatIdAndText(id: string, text: string): Buffer {
  return Buffer.from(`${id} ${text}`);
}

/** `dapi_res` and `sendsyn_res` between nodes: an id of the asker's, and the id of the string that answers. */
export function parseIdAndStringId(command: string, payload: Buffer): { id: string; stringId: string } {
  const { head, tail } = splitAtFirstSpace(command, "<id> <string id>", payload);
  return { id: head, stringId: parseStringId(command, tail) };
}

/** What a `sendsync` asks for: a message to a daemon's socket. */
export interface SendsyncRequest {
  readonly daemonName: string;
  readonly message: unknown;
}

/** The JSON of `sendsync` and `sendasync`: `{"daemon_name": …, "message": …}`. */
export function parseSendsyncRequest(command: string, text: string): SendsyncRequest {
  const value = parseJsonText(command, text);
  if (isRecord(value)) {
    const { daemon_name: daemonName, message } = value;
    if (typeof daemonName === "string" && message !== undefined) return { daemonName, message };
  }
  throw malformed(command, '{"daemon_name": <name>, "message": <message>}', Buffer.from(text));
}

/** `dapi_fwd`: the node that is to work on a request, and the request. */
export function parseNodeAndText(command: string, payload: Buffer): { nodeName: string; text: string } {
  const { head, tail } = splitAtFirstSpace(command, "<node name> <request>", payload);
  return { nodeName: head, text: tail.toString("utf8") };
}

/** `send_file` of a local client: a path, which may hold spaces, and a node (null for `None`). */
export function parsePathAndNode(command: string, payload: Buffer): { path: string; nodeName: string | null } {
  const space = payload.lastIndexOf(SPACE);
  if (space < 1 || space === payload.length - 1) throw malformed(command, "<path> <node name>", payload);
  const nodeName = payload.toString("utf8", space + 1);
  return { path: payload.toString("utf8", 0, space), nodeName: nodeName === "None" ? null : nodeName };
}

/** `get_nodes`, `get_health`: JSON arguments; an empty payload is null. */
export function parseJsonPayload(command: string, payload: Buffer): unknown {
  return payload.length === 0 ? null : parseJsonText(command, payload.toString("utf8"));
}

/** What a master says of a worker's agent-info (`syn_m_a_e`). */
export interface AgentInfoResult {
  readonly updatedChunks: number;
  readonly errorMessages: readonly string[];
}

/** `syn_m_a_e`. An error message that is no text (some masters send pairs) is shown as JSON. */
export function parseAgentInfoResult(command: string, payload: Buffer): AgentInfoResult {
  const value = parseJsonText(command, payload.toString("utf8"));
  if (isRecord(value)) {
    const { updated_chunks: updatedChunks, error_messages: messages } = value;
    if (typeof updatedChunks === "number" && Array.isArray(messages)) {
      const errorMessages = messages.map((message: unknown) =>
        typeof message === "string" ? message : JSON.stringify(message),
      );
      return { updatedChunks, errorMessages };
    }
  }
  throw malformed(command, '{"updated_chunks": <number>, "error_messages": [...]}', payload);
}

/** The answer to `syn_…_p`: only `True` grants (observed.md, sequence). */
export function isPermissionGranted(answer: Buffer): boolean {
  return answer.toString("utf8") === ANSWER_TEXT.permissionGranted;
}

function parseJsonText(command: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text.slice(0, LONGEST_SHOWN_PAYLOAD);
    const reason = error instanceof Error ? error.message : String(error);
    throw MusterError.internal(1000, `${command} expects JSON, but got '${shown}': ${reason}`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
