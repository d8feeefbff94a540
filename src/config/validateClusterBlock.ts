import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import type { ClusterReading, ClusterSetting } from "./ClusterReading.js";
import { clusterProblem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { isNodeName } from "./isNodeName.js";
import type { ClusterBlock } from "./NodeConfig.js";
import { printable } from "./printable.js";

/** Ports must lie strictly between these two (dapi.md 5.2). */
const PORT_ABOVE = 1024;
const PORT_BELOW = 65535;
/** The key's 32 characters are the Fernet key's 32 bytes (protocol.md 1). */
export const CLUSTER_KEY = /^[A-Za-z0-9_]{32}$/;
/** Addresses under which no worker can find its master (dapi.md 5.2). */
const INVALID_NODES: ReadonlySet<string> = new Set(["localhost", "NODE_IP", "0.0.0.0", "127.0.1.1"]);
/** Printable ASCII without a space and the characters that dapi.md 5.1 names. */
const CLUSTER_NAME = /^[^\u0000-\u0020\u007f-\uffff()*+,/;@`]+$/;
/** Host names, IPv4 and IPv6 addresses, also with a zone. */
const ADDRESS = /^[A-Za-z0-9._:%[\]-]+$/;

/** What the check of a read block gave. */
export interface ClusterValidation {
  /** The block, when it has no problem. */
  readonly block: ClusterBlock | undefined;
  /** Every mistake, read phase first; the first one is the one that the reference names. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/**
 * Checks a `<cluster>` block in the reference's order (dapi.md 5.2), then by muster's own rules for
 * names and addresses (quality.md 2). A disabled block is not checked, as in the reference; pass
 * `asIfEnabled` to see what would be wrong with it. With `keyElsewhere` the keys stand in files of their own,
 * and `<key>` is not looked at.
 */
export function validateClusterBlock(reading: ClusterReading, { asIfEnabled = false, keyElsewhere = false } = {}): ClusterValidation {
  const { values } = reading;
  const problems = [...reading.problems];
  const warnings = [...reading.warnings];
  if (!values.disabled || asIfEnabled) {
    problems.push(...checkPhase(reading, keyElsewhere));
    if (values.nodes.length > 1) warnings.push(severalNodes(reading));
  }
  if (problems.length > 0) return { block: undefined, problems, warnings };
  const nodeType = values.nodeType === "worker" ? "worker" : "master";
  return { block: { ...values, nodeType }, problems, warnings };
}

function checkPhase(reading: ClusterReading, keyElsewhere: boolean): ConfigurationProblem[] {
  const { values } = reading;
  const problems: ConfigurationProblem[] = [];
  const refuse = (setting: ClusterSetting, text: string, advice: string): void => {
    const position = reading.positions[setting];
    const origin = reading.overridden[setting];
    problems.push(clusterProblem(text, { element: CLUSTER_ELEMENTS[setting], file: reading.file, position, origin, advice }));
  };

  // What `<key>` says beside key files is for programs that know nothing of those.
  if (!keyElsewhere && values.key === "") {
    refuse("key", "Unspecified key", "32 letters, digits or _ are needed, the same on all nodes");
  } else if (!keyElsewhere && !CLUSTER_KEY.test(values.key)) {
    refuse("key", "Key must be 32 characters long and only have alphanumeric characters", wrongKey(values.key));
  }
  if (values.nodeType !== "master" && values.nodeType !== "worker") {
    refuse(
      "nodeType",
      `Invalid node type ${printable(values.nodeType)}. Correct values are master and worker`,
      "write master or worker",
    );
  }
  if (!(values.port > PORT_ABOVE && values.port < PORT_BELOW)) {
    refuse(
      "port",
      "Port must be higher than 1024 and lower than 65535.",
      `found ${values.port}, 1025 to 65534 are allowed`,
    );
  }
  const invalid = [...new Set(values.nodes.filter((node) => INVALID_NODES.has(node)))];
  if (invalid.length > 0) {
    refuse(
      "nodes",
      `Invalid elements in node fields: ${invalid.join(", ")}.`,
      "write the master's address as the other nodes see it",
    );
  }
  const malformed = values.nodes.filter((node) => !ADDRESS.test(node));
  if (malformed.length > 0) {
    refuse(
      "nodes",
      `Malformed address in node fields: '${malformed.map(printable).join("', '")}'.`,
      "write a host name or an IP address, without a port or a scheme",
    );
  }
  if (!isNodeName(values.nodeName)) {
    refuse(
      "nodeName",
      `Invalid node name '${printable(values.nodeName)}'.`,
      "1 to 128 letters, digits, '.', '_' or '-', and neither '.' nor '..'",
    );
  }
  if (!CLUSTER_NAME.test(values.name)) {
    refuse(
      "name",
      `Invalid cluster name '${printable(values.name)}'.`,
      "printable ASCII without spaces and ( ) * + , / ; @ `",
    );
  }
  if (!ADDRESS.test(values.bindAddress)) {
    refuse(
      "bindAddress",
      `Invalid bind address '${printable(values.bindAddress)}'.`,
      "write an IP address or a host name of this machine, 0.0.0.0 for all",
    );
  }
  return problems;
}

/** What is wrong with a key, without a character of it. */
function wrongKey(key: string): string {
  const length = [...key].length;
  return length === 32
    ? "it holds a character that is no letter A-Z or a-z, no digit and no _"
    : `it has ${length} characters`;
}

function severalNodes({ values, file, positions }: ClusterReading): string {
  const first = printable(values.nodes[0] ?? "");
  const line = positions.nodes === undefined ? "" : `:${positions.nodes.line}`;
  return `Found more than one node in configuration. Only master node should be specified. Using ${first} as master. (<nodes>, ${file}${line})`;
}
