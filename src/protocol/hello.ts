import { MusterError } from "./errors/MusterError.js";
import { TO_MASTER } from "./commands.js";
import { malformed } from "./payloads.js";

/** What a worker says of itself when it connects (protocol.md 4). */
export interface Hello {
  readonly nodeName: string;
  readonly clusterName: string;
  /** `worker`; the word is carried, not judged. */
  readonly nodeType: string;
  readonly version: string;
}

/** What any dialect allows; a dialect may allow less (`Dialect.nodeNames`). */
const NODE_NAME = /^[A-Za-z0-9._-]{1,128}$/;
const EXPECTED = "<node name> <cluster name> <node type> <version>";
const LONGEST_SHOWN_NAME = 128;

/**
 * Checks a node's name: 1 to 128 of letters, digits, `.`, `_` and `-`, not `.` or `..` (quality.md
 * 2), because folders are named after nodes. Returns the name; throws error 3060.
 */
export function validateNodeName(name: string): string {
  if (NODE_NAME.test(name) && name !== "." && name !== "..") return name;
  const shown = JSON.stringify(name.slice(0, LONGEST_SHOWN_NAME));
  throw MusterError.cluster(
    3060,
    `${shown}: a node's name is 1 to 128 letters, digits, '.', '_' or '-', and not '.' or '..'`,
  );
}

/** The payload of `hello`. Throws error 1000 for a word that is empty or holds a space. */
export function formatHello({ nodeName, clusterName, nodeType, version }: Hello): Buffer {
  const payload = Buffer.from([validateNodeName(nodeName), clusterName, nodeType, version].join(" "));
  parseHello(payload);
  return payload;
}

/**
 * Reads `hello`: exactly four words with one space between them. Throws error 1000 for another
 * form, and 3060 for a name that no node may have.
 */
export function parseHello(payload: Buffer): Hello {
  const [nodeName, clusterName, nodeType, version, ...rest] = payload.toString("utf8").split(" ");
  if (!nodeName || !clusterName || !nodeType || !version || rest.length > 0) {
    throw malformed(TO_MASTER.hello, EXPECTED, payload);
  }
  return { nodeName: validateNodeName(nodeName), clusterName, nodeType, version };
}
