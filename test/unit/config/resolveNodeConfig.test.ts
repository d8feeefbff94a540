import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/config/ConfigurationError.js";
import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { DIALECTS } from "../../../src/protocol/dialects/index.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { defaultSettings } from "../../../src/config/settings/schema.js";
import { resolveNodeConfig } from "../../../src/config/resolveNodeConfig.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";
const OSSEC_CONF = `<ossec_config><cluster><key>${KEY}</key><nodes><node>127.0.0.1</node></nodes></cluster></ossec_config>`;

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** A tree of files; an Error is thrown when its file is read. */
function tree(files: Record<string, string | Error>): (path: string) => string {
  return (path) => {
    const file = files[path];
    if (file === undefined) throw systemError("ENOENT", `ENOENT: no such file or directory, open '${path}'`);
    if (file instanceof Error) throw file;
    return file;
  };
}

function failure(files: Record<string, string | Error>): ConfigurationError {
  try {
    resolveNodeConfig({ root: "/node", readFile: tree(files) });
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("resolved");
}

describe("resolveNodeConfig", () => {
  it("gives everything that a node needs", () => {
    const { config, warnings } = resolveNodeConfig({
      root: "/node/",
      readFile: tree({ "/node/etc/ossec.conf": OSSEC_CONF }),
    });
    expect(config).toEqual({
      root: "/node",
      cluster: {
        name: "wazuh",
        nodeName: "node01",
        nodeType: "master",
        key: KEY,
        port: 1516,
        bindAddress: "0.0.0.0",
        nodes: ["127.0.0.1"],
        hidden: "no",
        disabled: false,
        extra: {},
      },
      dialect: null,
      items: defaultClusterItems(),
      itemsByDialect: Object.fromEntries(DIALECTS.map((dialect) => [dialect.id, defaultClusterItems(dialect)])),
      limits: DEFAULT_LIMITS,
      settings: defaultSettings(),
      keys: [KEY],
      keyFiles: [],
    });
    expect(warnings).toEqual([]);
  });

  it("freezes it deeply", () => {
    const { config } = resolveNodeConfig({ root: "/node", readFile: tree({ "/node/etc/ossec.conf": OSSEC_CONF }) });
    const unfrozen: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) unfrozen.push(path);
      for (const [name, inner] of Object.entries(value)) look(inner, `${path}.${name}`);
    };
    look(config, "config");
    expect(unfrozen).toEqual([]);
  });

  it("is plain data that a thread can be given", () => {
    const { config } = resolveNodeConfig({ root: "/node", readFile: tree({ "/node/etc/ossec.conf": OSSEC_CONF }) });
    expect(structuredClone(config)).toEqual(config);
  });

  it("merges cluster.json", () => {
    const files = {
      "/node/etc/ossec.conf": OSSEC_CONF,
      "/node/etc/cluster.json": '{"intervals": {"worker": {"keep_alive": 1}}}',
    };
    expect(resolveNodeConfig({ root: "/node", readFile: tree(files) }).config.items.intervals.worker.keepAlive).toBe(1);
  });

  it("reads another ossec.conf when told", () => {
    const { config } = resolveNodeConfig({
      root: "/node",
      ossecConf: "/other.conf",
      readFile: tree({ "/other.conf": OSSEC_CONF }),
    });
    expect(config.cluster.key).toBe(KEY);
  });

  it("makes a relative root absolute", () => {
    const { config } = resolveNodeConfig({
      root: "node",
      readFile: (path) => (path.endsWith("ossec.conf") ? OSSEC_CONF : path.endsWith(".keys") ? KEY : "{}"),
    });
    expect(config.root).toMatch(/^\/.*\/node$/);
  });

  it("gives a disabled cluster for a file without a block", () => {
    const { config } = resolveNodeConfig({
      root: "/node",
      readFile: tree({ "/node/etc/ossec.conf": "<ossec_config/>" }),
    });
    expect(config.cluster).toMatchObject({ disabled: true, key: "", nodes: ["NODE_IP"] });
  });

  it("collects the warnings of all files", () => {
    const files = {
      "/node/etc/ossec.conf": OSSEC_CONF.replace("</nodes>", "<node>10.0.0.2</node></nodes>"),
      "/node/etc/cluster.json": '{"unknown": 1}',
    };
    const { warnings } = resolveNodeConfig({ root: "/node", readFile: tree(files), fileAccess: () => ({ mode: 0o100644, owner: 0 }) });
    expect(warnings).toEqual([
      "/node/etc/ossec.conf holds the cluster key and can be read by every user. Run: chmod o-rwx /node/etc/ossec.conf",
      "Found more than one node in configuration. Only master node should be specified. Using 127.0.0.1 as master. (<nodes>, /node/etc/ossec.conf:1)",
      "/node/etc/cluster.json: unknown: unknown name, ignored (known: files, intervals, distributed_api, sync_options)",
    ]);
  });

  it.each([0o100660, 0o100600, 0o100662, undefined])("does not warn about a key in a file of mode %s", (mode) => {
    const source = { root: "/node", readFile: tree({ "/node/etc/ossec.conf": OSSEC_CONF }), fileAccess: () => (mode === undefined ? undefined : { mode, owner: 0 }) };
    expect(resolveNodeConfig(source).warnings).toEqual([]);
  });

  it("does not warn about a readable file without a key", () => {
    const source = { root: "/node", readFile: tree({ "/node/etc/ossec.conf": "" }), fileAccess: () => ({ mode: 0o100644, owner: 0 }) };
    expect(resolveNodeConfig(source).warnings).toEqual([]);
  });
});

describe("a configuration that can't be used", () => {
  it("has no ossec.conf: the path, and what to do", () => {
    const error = failure({});
    expect(error).toBeInstanceOf(MusterError);
    expect(error.toString()).toBe(
      "Error 3006 - Error reading cluster configuration: /node/etc/ossec.conf: There is no such file. Create it, or name the node's directory with --root or MUSTER_ROOT.",
    );
  });

  it("has an ossec.conf that can't be read", () => {
    const error = failure({
      "/node/etc/ossec.conf": systemError("EACCES", "EACCES: permission denied, open '/node/etc/ossec.conf'"),
    });
    expect(error.toString()).toBe(
      "Error 3006 - Error reading cluster configuration: /node/etc/ossec.conf: It can't be read: EACCES: permission denied, open '/node/etc/ossec.conf'. Let the user that runs muster read it.",
    );
  });

  it("has a cluster.json that can't be read", () => {
    const error = failure({
      "/node/etc/ossec.conf": OSSEC_CONF,
      "/node/etc/cluster.json": systemError("EISDIR", "EISDIR: illegal operation on a directory, read"),
    });
    expect(error.toString()).toBe(
      "Error 3005 - Error reading cluster JSON file: /node/etc/cluster.json: It can't be read: EISDIR: illegal operation on a directory, read. Let the user that runs muster read it, or remove it to use the defaults.",
    );
  });

  it("is no XML", () => {
    expect(failure({ "/node/etc/ossec.conf": "<ossec_config>" }).code).toBe(3006);
  });

  it("has mistakes in both files: the first is the error's text, all are listed", () => {
    const error = failure({
      "/node/etc/ossec.conf": OSSEC_CONF.replace(KEY, "short"),
      "/node/etc/cluster.json": '{"files": 1}',
    });
    expect(error.code).toBe(3004);
    expect(error.problems.map((problem) => problem.code)).toEqual([3004, 3005]);
    expect(error.toString()).toBe(error.problems[0]?.message);
  });

  it("does not hide mistakes of cluster.json behind an unreadable ossec.conf", () => {
    expect(failure({ "/node/etc/cluster.json": "{" }).problems.map((problem) => problem.code)).toEqual([3006, 3005]);
  });

  it("goes as a cluster error with the catalogue's remedy", () => {
    const error = failure({ "/node/etc/ossec.conf": OSSEC_CONF.replace(KEY, "") });
    expect(error.errorClass).toBe("WazuhClusterError");
    expect(error.remediation).toContain("configure a cluster");
  });

  it("can't be an error without a mistake", () => {
    expect(() => new ConfigurationError([])).toThrow(RangeError);
  });
});
