import { MusterError } from "../../protocol/errors/MusterError.js";
import { parsePythonJson } from "../../protocol/parsePythonJson.js";

/** The one command that a master's string may name: a peer must not choose what the store does (dialects.md 3.3). */
const SET_COMMAND = "global set-agent-groups";

/**
 * The chunks of a master's groups, `{"set_data_command": …, "payload": {"mode": "override", "sync_status": "synced"},
 * "chunks": ["[{…}]", …]}`.
 *
 * @throws MusterError 3036 for a text that is no such JSON, or that names another command or payload.
 */
export function parseGroupsString(text: Buffer): readonly string[] {
  let value: unknown;
  try {
    value = parsePythonJson(text.toString("utf8"));
  } catch (error) {
    throw MusterError.cluster(3036, (error as Error).message, { cause: error });
  }
  if (!isRecord(value)) throw MusterError.cluster(3036, "the string is no object");
  const { set_data_command: command, payload, chunks } = value;
  if (command !== SET_COMMAND) throw MusterError.cluster(3036, `set_data_command must be '${SET_COMMAND}'`);
  if (!isRecord(payload) || Object.keys(payload).length !== 2 || payload["mode"] !== "override" || payload["sync_status"] !== "synced") {
    throw MusterError.cluster(3036, "payload must say mode override and sync_status synced, and nothing else");
  }
  if (!Array.isArray(chunks) || !chunks.every((chunk): chunk is string => typeof chunk === "string")) {
    throw MusterError.cluster(3036, "chunks must be a list of texts");
  }
  return chunks;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
