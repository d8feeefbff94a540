import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../../src/cli/runCli.js";
import { TestCluster } from "../../support/TestCluster.js";
import { testEnvironment } from "../../unit/cli/testEnvironment.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.create();
  await cluster.master.write({
    "etc/client.keys": { content: "001 web01 any 0011\n", mode: 0o640 },
    "etc/rules/local_rules.xml": "<group/>\n",
    "etc/lists/changed": "new",
  });
  await cluster.worker.write({ "etc/lists/changed": "old", "etc/rules/stale.xml": "<group/>\n" });
  await cluster.start();
  await cluster.settled();
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
