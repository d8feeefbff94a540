import { describe, expect, it } from "vitest";
import { isNodeName } from "../../../src/config/isNodeName.js";
import { readClusterBlock } from "../../../src/config/readClusterBlock.js";
import { validateClusterBlock } from "../../../src/config/validateClusterBlock.js";

const FILE = "/node/etc/ossec.conf";
const KEY = "0123456789abcdefABCDEF_GHIJKLMNO";
const PREFIX = "Error 3004 - Error in cluster configuration: ";

/** A right block, one element a line from line 3 on; `undefined` leaves an element out. */
function validate(changes: Record<string, string | undefined> = {}, options = {}) {
  const elements = { key: KEY, nodes: "<node>10.0.0.1</node>", ...changes };
  const lines = Object.entries(elements).map(([name, value]) =>
    value === undefined ? "" : `<${name}>${value}</${name}>`,
  );
  return validateClusterBlock(
    readClusterBlock(`<ossec_config>\n<cluster>\n${lines.join("\n")}\n</cluster></ossec_config>`, FILE),
    options,
  );
}
const messages = (changes: Record<string, string | undefined>): string[] =>
  validate(changes).problems.map((problem) => problem.message);

describe("a right block", () => {
  it("has no problem", () => {
    expect(validate()).toMatchObject({
      problems: [],
      warnings: [],
      block: { key: KEY, nodeType: "master", nodes: ["10.0.0.1"] },
    });
  });

  it.each([
    ["everything on the loopback address", { nodes: "<node>127.0.0.1</node>", bind_addr: "127.0.0.1" }],
    ["the lowest port", { port: "1025" }],
    ["the highest port", { port: "65534" }],
    ["a host name as the master's address", { nodes: "<node>wazuh_master-1.example.org</node>" }],
    ["an IPv6 address", { nodes: "<node>fe80::1%eth0</node>", bind_addr: "::" }],
    ["a key of underscores", { key: "_".repeat(32) }],
    ["a node name of 128 characters", { node_name: "n".repeat(128) }],
    ["a worker", { node_type: "worker" }],
  ])("may have %s", (_name, changes) => {
    expect(validate(changes).problems).toEqual([]);
  });
});

describe("the messages of dapi.md 5.2, with element, place and what is allowed", () => {
  it.each<[string, Record<string, string | undefined>, string]>([
    [
      "no key",
      { key: undefined },
      `Unspecified key (<key>, not set in ${FILE}: 32 letters, digits or _ are needed, the same on all nodes)`,
    ],
    [
      "an empty key",
      { key: "" },
      `Unspecified key (<key>, not set in ${FILE}: 32 letters, digits or _ are needed, the same on all nodes)`,
    ],
    [
      "a short key",
      { key: "k".repeat(31) },
      `Key must be 32 characters long and only have alphanumeric characters (<key>, ${FILE}:3: it has 31 characters)`,
    ],
    [
      "a long key",
      { key: "k".repeat(33) },
      `Key must be 32 characters long and only have alphanumeric characters (<key>, ${FILE}:3: it has 33 characters)`,
    ],
    [
      "a key with a dash",
      { key: `${"k".repeat(31)}-` },
      `Key must be 32 characters long and only have alphanumeric characters (<key>, ${FILE}:3: it holds a character that is no letter A-Z or a-z, no digit and no _)`,
    ],
    [
      "a key with a letter beyond ASCII",
      { key: `${"k".repeat(31)}é` },
      `Key must be 32 characters long and only have alphanumeric characters (<key>, ${FILE}:3: it holds a character that is no letter A-Z or a-z, no digit and no _)`,
    ],
    [
      "an unknown node type",
      { node_type: "boss" },
      `Invalid node type boss. Correct values are master and worker (<node_type>, ${FILE}:5: write master or worker)`,
    ],
    [
      "a node type in capitals",
      { node_type: "Master" },
      `Invalid node type Master. Correct values are master and worker (<node_type>, ${FILE}:5: write master or worker)`,
    ],
    [
      "port 1024",
      { port: "1024" },
      `Port must be higher than 1024 and lower than 65535. (<port>, ${FILE}:5: found 1024, 1025 to 65534 are allowed)`,
    ],
    [
      "port 65535",
      { port: "65535" },
      `Port must be higher than 1024 and lower than 65535. (<port>, ${FILE}:5: found 65535, 1025 to 65534 are allowed)`,
    ],
    [
      "a negative port",
      { port: "-1600" },
      `Port must be higher than 1024 and lower than 65535. (<port>, ${FILE}:5: found -1600, 1025 to 65534 are allowed)`,
    ],
    [
      "no nodes",
      { nodes: undefined },
      `Invalid elements in node fields: NODE_IP. (<nodes>, not set in ${FILE}: write the master's address as the other nodes see it)`,
    ],
    [
      "invalid nodes, each told once",
      { nodes: "<node>localhost</node><node>0.0.0.0</node><node>localhost</node><node>127.0.1.1</node>" },
      `Invalid elements in node fields: localhost, 0.0.0.0, 127.0.1.1. (<nodes>, ${FILE}:4: write the master's address as the other nodes see it)`,
    ],
    [
      "a node with a scheme",
      { nodes: "<node>http://10.0.0.1</node>" },
      `Malformed address in node fields: 'http://10.0.0.1'. (<nodes>, ${FILE}:4: write a host name or an IP address, without a port or a scheme)`,
    ],
    [
      "a node name with a space",
      { node_name: "node 1" },
      `Invalid node name 'node 1'. (<node_name>, ${FILE}:5: 1 to 128 letters, digits, '.', '_' or '-', and neither '.' nor '..')`,
    ],
    [
      "a node name that climbs",
      { node_name: ".." },
      `Invalid node name '..'. (<node_name>, ${FILE}:5: 1 to 128 letters, digits, '.', '_' or '-', and neither '.' nor '..')`,
    ],
    [
      "a node name with a slash",
      { node_name: "a/b" },
      `Invalid node name 'a/b'. (<node_name>, ${FILE}:5: 1 to 128 letters, digits, '.', '_' or '-', and neither '.' nor '..')`,
    ],
    [
      "a cluster name with a space",
      { name: "my cluster" },
      `Invalid cluster name 'my cluster'. (<name>, ${FILE}:5: printable ASCII without spaces and ( ) * + , / ; @ \`)`,
    ],
    [
      "a cluster name beyond ASCII",
      { name: "clúster" },
      `Invalid cluster name 'clúster'. (<name>, ${FILE}:5: printable ASCII without spaces and ( ) * + , / ; @ \`)`,
    ],
    [
      "a bind address with a space",
      { bind_addr: "0.0.0.0 1516" },
      `Invalid bind address '0.0.0.0 1516'. (<bind_addr>, ${FILE}:5: write an IP address or a host name of this machine, 0.0.0.0 for all)`,
    ],
  ])("%s", (_name, changes, text) => {
    expect(messages(changes)).toEqual([PREFIX + text]);
  });

  it("come all at once, in the reference's order", () => {
    const all = messages({
      nodes: "<node>localhost</node>",
      bind_addr: "a b",
      name: "a b",
      node_name: "a b",
      port: "80",
      node_type: "x",
      key: "short",
    });
    expect(all.map((message) => message.slice(PREFIX.length, PREFIX.length + 14))).toEqual([
      "Key must be 32",
      "Invalid node t",
      "Port must be h",
      "Invalid elemen",
      "Invalid node n",
      "Invalid cluste",
      "Invalid bind a",
    ]);
  });

  it("put the read phase first", () => {
    expect(messages({ key: undefined, disabled: "x" })[0]).toContain("Allowed values for 'disabled'");
  });

  it("never show the key", () => {
    const key = "secretsecretsecret-secret";
    expect(messages({ key }).join()).not.toContain("secret");
  });
});

describe("warnings", () => {
  it("say which of several nodes is the master", () => {
    expect(validate({ nodes: "<node>10.0.0.1</node><node>10.0.0.2</node>" }).warnings).toEqual([
      `Found more than one node in configuration. Only master node should be specified. Using 10.0.0.1 as master. (<nodes>, ${FILE}:4)`,
    ]);
  });
});

describe("a disabled cluster", () => {
  it("is not checked, as in the reference", () => {
    expect(validate({ key: undefined, nodes: undefined, disabled: "yes" })).toMatchObject({
      problems: [],
      block: { disabled: true },
    });
  });

  it("is checked when asked for", () => {
    const { problems, block } = validate({ key: undefined, disabled: "yes" }, { asIfEnabled: true });
    expect(problems).toHaveLength(1);
    expect(block).toBeUndefined();
  });
});

describe("names of nodes", () => {
  it.each(["a", "node01", "master-node", "n_1.example", "...", "-"])("may be %s", (name) => {
    expect(isNodeName(name)).toBe(true);
  });

  it.each(["", ".", "..", "a b", "a/b", "a\\b", "a\n", "ä", "a\u0000", "n".repeat(129)])("may not be %j", (name) => {
    expect(isNodeName(name)).toBe(false);
  });
});
