import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { isRecord } from "../../encoding/values.js";

/** Where wazuh-execd checks configurations, below the root. */
const COM_SOCKET = "queue/sockets/com";

/** Most lines of a check's output that are looked at. */
const MOST_LINES = 10_000;

/**
 * Lets wazuh-execd check the node's configuration (dapi.md 3.2, validation).
 *
 * @throws MusterError 1908 with what is wrong in the configuration; internal 1013 when nobody listens, 1014 when the
 *   exchange breaks off, 1904 for an answer of another form
 */
export async function validateConf({ daemons, signal }: FunctionContext): Promise<void> {
  const answer = await ask(daemons, signal);
  let json: unknown;
  try {
    // Some versions end the text with a zero.
    json = JSON.parse(answer.replace(/\0+$/, ""));
  } catch (cause) {
    throw MusterError.internal(1904, null, { cause });
  }
  if (!isRecord(json) || typeof json.error !== "number") throw MusterError.internal(1904);
  if (json.error === 0) return;
  if (typeof json.message !== "string") throw MusterError.internal(1904);
  throw MusterError.user(1908, faultsIn(json.message).join(", "));
}

async function ask(daemons: FunctionContext["daemons"], signal: AbortSignal): Promise<string> {
  try {
    return await daemons.exchange(COM_SOCKET, "check-manager-configuration", { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    const isAbsent = ["ENOENT", "ENOTSOCK", "ECONNREFUSED", "EACCES", "EPROTOTYPE", "ENAMETOOLONG"].includes(code);
    throw MusterError.internal(isAbsent ? 1013 : 1014, `Socket: WAZUH_PATH/${COM_SOCKET}. Error: ${code}`, { cause });
  }
}

/** What the lines of errors say, without date, daemon, level and number; each once. */
export function faultsIn(output: string): readonly string[] {
  const faults = output
    .split(/\r\n|\r|\n/, MOST_LINES)
    .map(faultIn)
    .filter((fault) => fault !== undefined);
  return [...new Set(faults)];
}

function faultIn(line: string): string | undefined {
  const [start] = ["ERROR: ", "CRITICAL: "]
    .map((level) => ({ at: line.lastIndexOf(level), length: level.length }))
    .filter(({ at }) => at !== -1)
    .map(({ at, length }) => at + length)
    .sort((one, other) => other - one);
  if (start === undefined) return undefined;
  const text = line.slice(start);
  const bracket = text.startsWith("[") ? text.lastIndexOf("] ") : -1;
  return bracket === -1 ? text : text.slice(bracket + 2);
}
