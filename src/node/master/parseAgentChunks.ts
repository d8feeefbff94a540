import { asAgentLists, type AgentLists } from "../../agents/AgentLists.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { parsePythonJson } from "../../protocol/parsePythonJson.js";

/** The one command that a worker's string may name: a peer must not choose what the store does (protocol.md 6). */
const SET_COMMAND = "global sync-agent-info-set";

/**
 * The chunks of a worker's agent-info string, `{"set_data_command": …, "chunks": ["[{…}]", …]}`.
 *
 * @throws MusterError 3036 for a text that is no such JSON, or that names another command.
 */
export function parseAgentChunks(text: Buffer): readonly string[] {
  const { chunks } = parseAgentString(text);
  if (!Array.isArray(chunks) || !chunks.every((chunk): chunk is string => typeof chunk === "string")) {
    throw MusterError.cluster(3036, "chunks must be a list of texts");
  }
  return chunks;
}

/**
 * The three lists of a worker of dialect 4.14, `{"set_data_command": …, "payload": {}, "chunks": {"syncreq": […], …}}`.
 *
 * @throws MusterError 3036 as above.
 */
export function parseAgentLists(text: Buffer): AgentLists {
  const lists = asAgentLists(parseAgentString(text).chunks);
  if (lists === undefined) throw MusterError.cluster(3036, "chunks must hold three lists of agents");
  return lists;
}

function parseAgentString(text: Buffer): { readonly chunks?: unknown } {
  let value: unknown;
  try {
    value = parsePythonJson(text.toString("utf8"));
  } catch (error) {
    throw MusterError.cluster(3036, (error as Error).message, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw MusterError.cluster(3036, "the string is no object");
  }
  const { set_data_command: command, chunks } = value as { set_data_command?: unknown; chunks?: unknown };
  if (command !== SET_COMMAND) throw MusterError.cluster(3036, `set_data_command must be '${SET_COMMAND}'`);
  return { chunks };
}
