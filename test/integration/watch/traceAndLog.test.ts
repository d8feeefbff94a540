import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../../src/cli/runCli.js";
import { TestCluster } from "../../support/TestCluster.js";
import { fileOf, tableBelow } from "../../unit/docs/tables.js";
import { testEnvironment } from "../../unit/cli/testEnvironment.js";

/** Lines of `logs/cluster.log` as log rules for Wazuh clusters read them; the table of docs/operations.md. */
const WELL_KNOWN = tableBelow(fileOf("docs/operations.md"), "### Well-known lines").map(([side = "", pattern = ""]) => ({ side, pattern: pattern.slice(1, -1) }));

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.create();
  await cluster.master.write({
    "etc/client.keys": { content: "001 web01 any 0011\n", mode: 0o640 },
    "etc/rules/local_rules.xml": "<group/>\n",
    "etc/lists/changed": "new",
  });
  await cluster.worker.write({ "etc/lists/changed": "old", "etc/rules/stale.xml": "<group/>\n", "queue/agent-groups/001": "web" });
  for (const { root } of [cluster.master, cluster.worker]) {
    await writeFile(join(root, "agents.json"), JSON.stringify([{ id: "001", name: "web01", status: "active", node_name: "w1" }]));
    expect(await runCli(["agents", "--root", root, "import", join(root, "agents.json")], testEnvironment())).toBe(0);
  }
  await cluster.startMaster();
  cluster.worker.start("--log-level", "debug");
  await cluster.settled();
  await cluster.worker.process.waitForLog("Updated 1 chunks");
  await cluster.worker.process.waitForLog("Successful response from master");
  await cluster.worker.stop();
  await cluster.master.stop();
});
afterAll(() => cluster?.dispose());

describe("a node's trace of a synchronisation", () => {
  test.each(["master", "worker"] as const)("of the %s is possible on the machines' charts, and complete", async (side) => {
    const environment = testEnvironment();
    const status = await runCli(["trace", join(cluster[side].root, "trace-1.jsonl")], environment);
    expect(environment.err()).toBe("");
    expect(status).toBe(0);
    expect(environment.out()).toMatch(/\n\d+ changes of state, 0 impossible\.\n$/);
    expect(environment.out()).toContain(`Trace of the ${side} ${cluster[side].name}`);
  });

  test("tells the master's half of a round for its worker, with the task and how long each step took", async () => {
    const environment = testEnvironment();
    const file = join(cluster.master.root, "trace-1.jsonl");
    await runCli(["trace", file, "--peer", "w1", "--machine", "integritySync", "--json"], environment);
    const lines = environment.out().trim().split("\n").map((line) => JSON.parse(line));
    const changes = lines.filter(({ state }) => state !== undefined);
    expect(new Set(changes.map(({ machine, peer }) => `${machine} ${peer}`))).toEqual(new Set(["integritySync w1"]));
    const task = changes.find(({ state }) => state === "sendingFile").task;
    const round = changes.filter((line) => line.task === task);
    expect(round.map(({ state }) => state)).toEqual(["receivingFile", "unpacking", "comparing", "packing", "requestingTask", "sendingFile", "announcing"]);
    for (const { stayed } of round) expect(stayed).toBeGreaterThanOrEqual(0);
  });
});

describe("logs/cluster.log", () => {
  test.each(WELL_KNOWN)("of the $side holds $pattern", async ({ side, pattern }) => {
    const node = side === "master" ? cluster.master : cluster.worker;
    const wanted = new RegExp(`^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d ${pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/<(seconds|n|name|address)>/g, (_, kind) => (kind === "seconds" ? "\\d+\\.\\d{3}" : kind === "n" ? "\\d+" : "\\S+"))}`);
    const lines = (await node.read("logs/cluster.log")).split("\n");
    expect(lines.filter((line) => wanted.test(line)).length, `of ${lines.length} lines`).toBeGreaterThan(0);
  });

  test("every line of a process tells on standard output which node, peer, process, state and task it is about", () => {
    const lines = cluster.master.process.logs.filter(({ process }) => process === "integritySync");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatchObject({ node: "m1", peer: "w1", tag: "Worker w1", state: expect.stringMatching(/^\w+$/), taskId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    for (const line of cluster.worker.process.logs.filter(({ process }) => process !== undefined)) expect(line).toMatchObject({ node: "w1", peer: "127.0.0.1", state: expect.any(String) });
  });
});
