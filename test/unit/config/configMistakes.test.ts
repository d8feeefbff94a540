import { describe, expect, it } from "vitest";
import { readNodeConfig } from "../../../src/config/readNodeConfig.js";
import { checkNodeConfig } from "../../../src/config/resolveNodeConfig.js";
import type { Override } from "../../../src/config/Override.js";
import { environmentOverrides, OVERRIDABLE, variableOf } from "../../../src/config/Override.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";
const OTHER_KEY = "00000000000000000000000000000001";
const CONF = `<ossec_config>
<cluster>
<key>${KEY}</key>
<nodes><node>10.0.0.1</node></nodes>
</cluster>
</ossec_config>
`;

interface Files {
  readonly conf?: string;
  readonly json?: string;
  readonly yaml?: string;
  readonly keys?: string;
  readonly overrides?: readonly Override[];
  readonly mode?: number;
}

function check({ conf = CONF, json, yaml, keys, overrides, mode = 0o640 }: Files) {
  const files = new Map([
    ["/n/etc/ossec.conf", conf],
    ["/n/etc/cluster.json", json],
    ["/n/etc/muster.yaml", yaml],
    ["/n/etc/cluster.keys", keys],
  ]);
  const reading = readNodeConfig({
    root: "/n",
    overrides,
    fileAccess: () => ({ mode, owner: 0 }),
    userId: 0,
    readFile: (path) => {
      const text = files.get(path);
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
      return text;
    },
  });
  return checkNodeConfig(reading);
}

const conf = (elements: string): Files => ({ conf: CONF.replace("</cluster>", `${elements}\n</cluster>`) });
const yaml = (text: string): Files => ({ yaml: text });
const json = (text: string): Files => ({ json: text });
const env = (path: string, text: string): Files => ({ overrides: [{ path, text, origin: variableOf(path) }] });

/** What stands behind `Error 300x - <the catalogue's text>: `. */
const MISTAKES: readonly (readonly [string, Files, number, readonly string[]])[] = [
  ["XML that does not end", { conf: "<ossec_config>\n<cluster>" }, 3006, ["XML syntax error at /n/etc/ossec.conf:2:9: unclosed tag: cluster. Correct the file there."]],
  ["no key", { conf: CONF.replace(KEY, "") }, 3004, ["Unspecified key (<key>, not set in /n/etc/ossec.conf: 32 letters, digits or _ are needed, the same on all nodes)"]],
  ["a short key", { conf: CONF.replace(KEY, "abc") }, 3004, ["Key must be 32 characters long and only have alphanumeric characters (<key>, /n/etc/ossec.conf:3: it has 3 characters)"]],
  ["a node type that is none", conf("<node_type>boss</node_type>"), 3004, ["Invalid node type boss. Correct values are master and worker (<node_type>, /n/etc/ossec.conf:5: write master or worker)"]],
  ["a port that is no number", conf("<port>x</port>"), 3004, ["Cluster port must be an integer. (<port>, /n/etc/ossec.conf:5: found 'x', a number such as 1516 is needed)"]],
  ["a port that needs root", conf("<port>80</port>"), 3004, ["Port must be higher than 1024 and lower than 65535. (<port>, /n/etc/ossec.conf:5: found 80, 1025 to 65534 are allowed)"]],
  ["a switch that is none", conf("<disabled>maybe</disabled>"), 3004, ["Allowed values for 'disabled' field are 'yes' and 'no'. Found: 'maybe' (<disabled>, /n/etc/ossec.conf:5: write yes or no)"]],
  ["an address that no worker can use", { conf: CONF.replace("10.0.0.1", "localhost") }, 3004, ["Invalid elements in node fields: localhost. (<nodes>, /n/etc/ossec.conf:4: write the master's address as the other nodes see it)"]],
  ["a node name with a slash", conf("<node_name>a/b</node_name>"), 3004, ["Invalid node name 'a/b'. (<node_name>, /n/etc/ossec.conf:5: 1 to 128 letters, digits, '.', '_' or '-', and neither '.' nor '..')"]],
  ["an interval that is a text", json('{\n"intervals": {"worker": {\n"sync_integrity": "9"}}}'), 3005, ['/n/etc/cluster.json:3: intervals.worker.sync_integrity: "9" is not a number of seconds above 0']],
  ["JSON that breaks off", json('{\n"intervals": '), 3005, ["/n/etc/cluster.json:2: Unexpected end of JSON input. Correct the file, or remove it to use the defaults."]],
  ["YAML that can't be read", yaml("log:\n  level: [debug"), 3004, ["/n/etc/muster.yaml:2: Flow sequence in block collection must be sufficiently indented and end with a ]. Correct the file there."]],
  ["YAML with a name twice", yaml("log:\n  level: debug\n  level: info"), 3004, ["/n/etc/muster.yaml:3: Map keys must be unique. Correct the file there."]],
  ["YAML that is a list", yaml("- a"), 3004, ["/n/etc/muster.yaml:1: the file must hold settings by name, such as `log: {level: debug}`."]],
  ["a section that is none", yaml("\nlogs: {}"), 3004, ["/n/etc/muster.yaml:2: logs: unknown setting (known: dialect, http, tls, keys, push, store, api, log, daemon, limits)"]],
  ["a setting that is none", yaml("log:\n  colour: red"), 3004, ["/n/etc/muster.yaml:2: log.colour: unknown setting (known: level, format, daily, bytes, keep)"]],
  ["a prototype's name", yaml("log:\n  __proto__: {level: debug}"), 3004, ["/n/etc/muster.yaml:2: log.__proto__: unknown setting (known: level, format, daily, bytes, keep)"]],
  ["a section that is a value", yaml("log: debug"), 3004, ['/n/etc/muster.yaml:1: log: "debug" is not settings by name (level, format, daily, bytes, keep)']],
  ["a level that is none", yaml("log:\n  level: loud"), 3004, ['/n/etc/muster.yaml:2: log.level: "loud" is not error, warning, info, debug or debug2']],
  ["a time that has passed", yaml("daemon:\n  drain: -1"), 3004, ["/n/etc/muster.yaml:2: daemon.drain: -1 is not a number of seconds above 0 and up to 3600"]],
  ["an address without a port", yaml("http: {listen: 127.0.0.1}"), 3004, ['/n/etc/muster.yaml:1: http.listen: "127.0.0.1" is not HOST:PORT or off']],
  ["an open address without TLS", yaml('http:\n  listen: "0.0.0.0:1517"'), 3004, ['/n/etc/muster.yaml:2: http.listen: "0.0.0.0:1517" can be reached from other machines, and there is no TLS. Set http.tls.certificate and http.tls.key, or http.insecure: true if you mean it']],
  ["a certificate without its key", yaml("http:\n  tls:\n    certificate: a.pem"), 3004, ["/n/etc/muster.yaml:2: http.tls.key: is needed too: a certificate and its key are set together"]],
  [
    "TLS without certificates",
    yaml("tls:\n  enabled: true"),
    3004,
    ["ca", "certificate", "key"].map((name) => `/n/etc/muster.yaml:1: tls.${name}: is needed because tls.enabled is true. Name a PEM file`),
  ],
  ["a limit of the wrong kind", yaml("limits:\n  openFiles: 0"), 3004, ["/n/etc/muster.yaml:2: limits.openFiles: 0 is not a whole number from 1 to 9007199254740991"]],
  ["limits that contradict each other", yaml("limits:\n  ungreetedPerAddress: 2000"), 3004, ["/n/etc/muster.yaml:2: limits.ungreetedPerAddress: 2000 is above limits.ungreetedConnections, which is 1024"]],
  ["a key file that is not there", yaml("keys:\n  files: [k]"), 3004, ["/n/k: the key file can't be read: ENOENT: /n/k. Make it, or correct keys.files"]],
  ["a key where its file's name belongs", yaml(`keys:\n  files: [${OTHER_KEY}]`), 3004, ['/n/etc/muster.yaml:2: keys.files.0: "********" is not a list of paths, relative to the root or absolute']],
  ["a line of a key file that is no key", { keys: `${OTHER_KEY}\n\n# old\nabc` }, 3004, ["/n/etc/cluster.keys:4: a key of 3 characters is not 32 letters, digits or _"]],
  ["a key file without a key", { keys: "# none\n" }, 3004, ["/n/etc/cluster.keys: the key file holds no key. Write one of 32 letters, digits or _"]],
  ["a variable with a wrong value", env("http.readyWithin", "soon"), 3004, ['MUSTER_HTTP_READY_WITHIN: http.readyWithin: "soon" is not a number of seconds above 0 and up to 2147483']],
  ["a variable for the cluster block", env("cluster.port", "80"), 3004, ["Port must be higher than 1024 and lower than 65535. (<port>, MUSTER_CLUSTER_PORT: found 80, 1025 to 65534 are allowed)"]],
  ["a variable for an interval", env("intervals.worker.keep_alive", "0"), 3005, ["MUSTER_INTERVALS_WORKER_KEEP_ALIVE: intervals.worker.keep_alive: 0 is not a number of seconds above 0"]],
];

describe("mistakes of a configuration", () => {
  it.each(MISTAKES)("%s", (_what, files, code, expected) => {
    const { config, problems } = check(files);
    expect(config).toBeUndefined();
    expect(problems.map(({ detail }) => detail)).toEqual(expected);
    expect(new Set(problems.map((problem) => problem.code))).toEqual(new Set([code]));
  });

  it("are told all at once, those of every file", () => {
    const { problems } = check({ ...conf("<port>1</port>"), json: '{"intervals": 1}', yaml: "log: {level: x}\nlimits: {openFiles: x}", keys: "x" });
    expect(problems.map(({ code }) => code)).toEqual([3004, 3005, 3004, 3004, 3004]);
  });

  it("never repeat a key", () => {
    const { problems } = check({ keys: `${KEY}0\n`, yaml: `keys: {files: [${KEY}]}\ntls: {key: ${KEY}}` });
    expect(problems).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain(KEY);
  });
});

describe("what goes over what", () => {
  it("muster.yaml over the defaults, the environment over it, the command line over both", () => {
    const overrides: Override[] = [
      { path: "log.level", text: "debug", origin: "MUSTER_LOG_LEVEL" },
      { path: "log.level", text: "error", origin: "--log-level" },
      { path: "daemon.drain", text: "3", origin: "MUSTER_DAEMON_DRAIN" },
      { path: "cluster.node_name", text: "w7", origin: "MUSTER_CLUSTER_NODE_NAME" },
      { path: "intervals.worker.keep_alive", text: "1.5", origin: "MUSTER_INTERVALS_WORKER_KEEP_ALIVE" },
      { path: "limits.openFiles", text: "3", origin: "--set limits.openFiles" },
    ];
    const { config } = check({ yaml: "log: {level: info, keep: 5}\ndaemon: {drain: 4}", overrides });
    expect(config?.settings.log).toMatchObject({ level: "error", keep: 5, daily: true });
    expect(config?.settings.daemon.drain).toBe(3);
    expect(config?.cluster.nodeName).toBe("w7");
    expect(config?.items.intervals.worker.keepAlive).toBe(1.5);
    expect(config?.limits.openFiles).toBe(3);
  });

  it("a mistake of the file that is overridden is none", () => {
    expect(check({ ...conf("<port>x</port>"), ...env("cluster.port", "1600") }).config?.cluster.port).toBe(1600);
  });

  it("keys of a file go over <key>, the first one first", () => {
    const { config } = check({ keys: `${OTHER_KEY}\n${KEY}\n${KEY}\n` });
    expect(config?.keys).toEqual([OTHER_KEY, KEY]);
    expect(config?.keyFiles).toEqual(["/n/etc/cluster.keys"]);
  });

  it("warns of a key file that others can read or write", () => {
    expect(check({ keys: KEY, mode: 0o666 }).warnings.filter((text) => text.includes("cluster.keys"))).toHaveLength(2);
  });

  it("needs no ossec.conf when the environment names the node", () => {
    const reading = readNodeConfig({
      root: "/n",
      overrides: Object.entries({ key: KEY, nodes: "10.0.0.1", node_type: "worker" }).map(([name, text]) => ({ path: `cluster.${name}`, text, origin: "x" })),
      readFile: () => {
        throw Object.assign(new Error("none"), { code: "ENOENT" });
      },
    });
    expect(checkNodeConfig(reading).config?.cluster).toMatchObject({ nodeType: "worker", nodes: ["10.0.0.1"], disabled: false });
  });
});

describe("the environment", () => {
  it("has one variable for every value", () => {
    expect(new Set(OVERRIDABLE.map(variableOf)).size).toBe(OVERRIDABLE.length);
  });

  it("is warned about for names that set nothing, not for those of others", () => {
    const { overrides, warnings } = environmentOverrides({ MUSTER_LOGLEVEL: "x", MUSTER_SERVICE_HOST: "x", MUSTER_ROOT: "/n", PATH: "x", MUSTER_LOG_LEVEL: "" });
    expect(overrides).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("MUSTER_LOGLEVEL")]);
  });
});
