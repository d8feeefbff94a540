import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../../src/cli/runCli.js";
import { testEnvironment } from "./testEnvironment.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "muster-config-"));
  await mkdir(join(root, "etc"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const conf = (elements: string): string => `<ossec_config>\n<cluster>\n${elements}\n</cluster>\n</ossec_config>\n`;
const RIGHT = conf(
  `<key>${KEY}</key>\n<node_name>m1</node_name>\n<nodes><node>127.0.0.1</node></nodes>\n<cert_password>hunter2</cert_password>`,
);

async function write(ossecConf: string, clusterJson?: string, mode = 0o640): Promise<void> {
  await writeFile(join(root, "etc", "ossec.conf"), ossecConf, { mode });
  if (clusterJson !== undefined) await writeFile(join(root, "etc", "cluster.json"), clusterJson);
}

async function muster(...args: string[]) {
  const environment = testEnvironment();
  const code = await runCli(args, environment);
  return { code, out: environment.out(), err: environment.err() };
}

describe("muster config check", () => {
  it("says that a right configuration is right", async () => {
    await write(RIGHT);
    expect(await muster("config", "check", "--root", root)).toEqual({
      code: 0,
      out: `The configuration of ${root} is valid: master m1 of cluster wazuh, port 1516.\n`,
      err: "",
    });
  });

  it("takes the root in front of the subcommand too", async () => {
    await write(RIGHT);
    expect((await muster("config", "--root", root, "check")).code).toBe(0);
  });

  it("lists all mistakes of both files at once", async () => {
    await write(conf("<key>short</key>\n<port>80</port>"), '{"intervals": {"worker": {"sync_integrity": "x"}}}');
    const file = join(root, "etc", "ossec.conf");
    expect(await muster("config", "check", "--root", root)).toEqual({
      code: 1,
      out: "",
      err: [
        `muster: 4 mistakes in the configuration of ${root}:`,
        `Error 3004 - Error in cluster configuration: Key must be 32 characters long and only have alphanumeric characters (<key>, ${file}:3: it has 5 characters)`,
        `Error 3004 - Error in cluster configuration: Port must be higher than 1024 and lower than 65535. (<port>, ${file}:4: found 80, 1025 to 65534 are allowed)`,
        `Error 3004 - Error in cluster configuration: Invalid elements in node fields: NODE_IP. (<nodes>, not set in ${file}: write the master's address as the other nodes see it)`,
        `Error 3005 - Error reading cluster JSON file: ${join(root, "etc", "cluster.json")}:1: intervals.worker.sync_integrity: "x" is not a number of seconds above 0`,
        "",
      ].join("\n"),
    });
  });

  it("names the file that is missing", async () => {
    const { code, err } = await muster("config", "check", "--root", root);
    expect(code).toBe(1);
    expect(err).toBe(
      `muster: one mistake in the configuration of ${root}:\nError 3006 - Error reading cluster configuration: ${join(root, "etc", "ossec.conf")}: There is no such file. Create it, or name the node's directory with --root or MUSTER_ROOT.\n`,
    );
  });

  it("prints warnings and goes on", async () => {
    await write(RIGHT, '{"intervals": {"worker": {"sync_everything": 30}}}', 0o644);
    const { code, err } = await muster("config", "check", "--root", root);
    expect(code).toBe(0);
    expect(err.split("\n").map((line) => line.slice(0, 9))).toEqual(["Warning: ", "Warning: ", ""]);
    expect(err).toContain("chmod o-rwx");
    expect(err).toContain("sync_everything: unknown name");
  });

  it("says that a disabled cluster is right, and what enabling it would bring", async () => {
    await write(conf("<disabled>yes</disabled>\n<nodes><node>10.0.0.1</node></nodes>"));
    const { code, out, err } = await muster("config", "check", "--root", root);
    expect({ code, out }).toEqual({
      code: 0,
      out: `The configuration of ${root} is valid. The cluster is disabled.\n`,
    });
    expect(err).toMatch(
      /^Warning: enabling it would fail: Error 3004 - Error in cluster configuration: Unspecified key [^\n]*\n$/,
    );
  });

  it("says that a configuration without a block is disabled for that", async () => {
    await write("<ossec_config/>");
    expect(await muster("config", "check", "--root", root)).toEqual({
      code: 0,
      out: `The configuration of ${root} is valid. The cluster is disabled: there is no <cluster> block.\n`,
      err: "",
    });
  });

  it("reads another ossec.conf", async () => {
    await writeFile(join(root, "other.conf"), RIGHT, { mode: 0o640 });
    expect((await muster("config", "check", "--root", root, "--config", join(root, "other.conf"))).code).toBe(0);
  });
});

describe("muster config show", () => {
  it("prints values with where they come from, without a secret", async () => {
    await write(RIGHT, '{"intervals": {"worker": {"keep_alive": 1.5}}}');
    const { code, out } = await muster("config", "show", "--root", root);
    const rows = new Map(out.split("\n").map((line) => [line.split(/ {2,}/)[0] ?? "", line.split(/ {2,}/).slice(1)]));
    expect(code).toBe(0);
    expect(rows.get("root")).toEqual([root]);
    expect(rows.get("cluster.key")).toEqual(["********", `${join(root, "etc", "ossec.conf")}:3`]);
    expect(rows.get("cluster.node_name")).toEqual(["m1", `${join(root, "etc", "ossec.conf")}:4`]);
    expect(rows.get("cluster.cert_password")).toEqual(["********", join(root, "etc", "ossec.conf")]);
    expect(rows.get("cluster.port")).toEqual(["1516", "default"]);
    expect(rows.get("intervals.worker.keep_alive")).toEqual(["1.5", join(root, "etc", "cluster.json")]);
    expect(rows.get("intervals.worker.sync_integrity")).toEqual(["9", "default"]);
    expect(out).not.toMatch(new RegExp(`${KEY}|hunter2`));
  });

  it("lists the mistakes of a wrong configuration", async () => {
    await write(conf("<key>short</key>"));
    const { code, out, err } = await muster("config", "show", "--root", root);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("2 mistakes");
  });
});

describe("muster config", () => {
  it("without a subcommand is wrong usage", async () => {
    expect((await muster("config")).code).toBe(2);
  });

  it("with an unknown subcommand is wrong usage", async () => {
    expect((await muster("config", "mend")).code).toBe(2);
  });
});
