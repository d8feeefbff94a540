import { MASK } from "../../../config/secrets.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { isRecord, type JsonRecord } from "../../encoding/values.js";
import { isConfSecret, withoutKnownSecrets } from "./confSecrets.js";

/** Where daemons listen, below the root. */
const SOCKETS = "queue/sockets";

/** Components that tell their active configuration, as dialect 4.3-zip has them; each has a socket of its name. */
const COMPONENTS = Object.freeze([
  "agent",
  "agentless",
  "analysis",
  "auth",
  "com",
  "csyslog",
  "integrator",
  "logcollector",
  "mail",
  "monitor",
  "request",
  "syscheck",
  "wmodules",
]);

/** Largest configuration that is taken, in bytes. */
const LARGEST_CONFIGURATION = 4 * 1024 * 1024;

/** Deepest value whose secrets are looked for. */
const DEEPEST = 64;

/** What a daemon says when it can't reach the component. */
const UNREACHABLE = /No such file or directory|Cannot send request/;

/**
 * The configuration that a daemon of this node runs with (dapi.md 3.2, get_config), its secrets masked.
 *
 * @throws MusterError 1307 without a component or a configuration's name, 1101 for another component, 1116 when it has
 *   no such configuration, 1117 when it can't be reached by the daemon that was asked; internal 1121 without
 *   connection, 1118 for an answer of another form
 */
export async function activeConf(
  context: FunctionContext,
  { component, config }: { readonly component: string; readonly config: string },
): Promise<JsonRecord> {
  if (component === "" || config === "") throw MusterError.user(1307);
  if (!COMPONENTS.includes(component)) {
    throw MusterError.user(1101, `Valid components: ${COMPONENTS.join(", ")}`);
  }
  const { daemons, signal } = context;
  const path = `${SOCKETS}/${component}`;
  let answer: string;
  try {
    answer = await daemons.exchange(path, `getconfig ${config}`, { signal, maxBytes: LARGEST_CONFIGURATION });
  } catch (cause) {
    signal.throwIfAborted();
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw MusterError.internal(1121, `Socket: WAZUH_PATH/${path}. Error: ${code}`, { cause });
  }
  const space = answer.indexOf(" ");
  if (space === -1) throw MusterError.internal(1118, "Data could not be received");
  if (!answer.startsWith("ok")) {
    throw MusterError.user(UNREACHABLE.test(answer.slice(space)) ? 1117 : 1116, `${component}:${config}`);
  }
  return maskValue(parseObject(answer.slice(space + 1)), context.config.cluster.key, 0) as JsonRecord;
}

function parseObject(text: string): JsonRecord {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/\0+$/, ""));
  } catch (cause) {
    throw MusterError.internal(1118, "The answer is no JSON", { cause });
  }
  if (!isRecord(json)) throw MusterError.internal(1118, "The answer is no JSON object");
  return json;
}

/** A copy of a JSON value without secrets. A label (an object with `key` and `value`) is one by its key. */
function maskValue(value: unknown, clusterKey: string, depth: number): unknown {
  if (depth > DEEPEST) throw MusterError.internal(1118, "The answer is nested too deeply");
  if (typeof value === "string") return withoutKnownSecrets(value, clusterKey);
  if (Array.isArray(value)) return value.map((member) => maskValue(member, clusterKey, depth + 1));
  if (!isRecord(value)) return value;
  const { key } = value;
  const isLabel = typeof key === "string" && Object.hasOwn(value, "value");
  const isSecret = (name: string): boolean =>
    isLabel && (name === "key" || name === "value") ? name === "value" && isConfSecret(key) : isConfSecret(name);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecret(name) && member !== null && member !== "" ? MASK : maskValue(member, clusterKey, depth + 1),
    ]),
  );
}
