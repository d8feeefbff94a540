import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster } from "../../support/TestCluster.js";

/** One cluster's life: each test goes on where the one before has ended. */
describe("restarts", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create({ workers: ["w1", "w2"] });
    await cluster.master.write({ "etc/rules/a.xml": "one", "etc/shared/default/agent.conf": "one" });
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test("workers that are started before their master join it when it comes; leftovers of an earlier life are removed", async () => {
    for (const node of [cluster.master, cluster.worker]) {
      const folder = join(node.root, "queue/cluster/w1");
      await mkdir(join(folder, "w1-1.0-2.zipdir/etc/rules"), { recursive: true });
      await writeFile(join(folder, "w1-1.0-2.zip"), "half an archive");
      await writeFile(join(folder, "w1-1.0-2.zipdir/etc/rules/a.xml"), "half a file");
      await writeFile(join(folder, "agent-groups.merged"), "1 001");
    }
    for (const worker of cluster.workers) worker.start();
    for (const worker of cluster.workers) await worker.process.waitForLog("Could not connect to master");
    await cluster.startMaster();
    await cluster.settled();
  });

  test("a master that was stopped and changed meanwhile brings its workers into step", async () => {
    await cluster.master.stop();
    await cluster.master.write({ "etc/rules/a.xml": "two", "etc/rules/b.xml": "new" });
    await cluster.master.remove("etc/shared/default");
    for (const worker of cluster.workers) await worker.process.waitForLog("Connection with server has been lost");
    await cluster.startMaster();
    await cluster.inStep();
    expect(await cluster.worker.read("etc/rules/a.xml")).toBe("two");
  });

  test("a worker that was stopped and changed meanwhile is set right; the other one does not notice", async () => {
    const [first, second] = cluster.workers;
    const from = second?.process.logs.length;
    await first?.stop();
    await first?.write({ "etc/rules/a.xml": "changed", "etc/lists/own": "own" });
    await cluster.master.write({ "etc/rules/c.xml": "new" });
    first?.start();
    await cluster.inStep();
    expect(second?.process.logs.slice(from).some(({ message }) => message.includes("lost"))).toBe(false);
  });

  test("all nodes at once, several times, in any order", async () => {
    const nodes = [cluster.master, ...cluster.workers];
    for (let turn = 0; turn < 3; turn += 1) {
      await cluster.master.write({ [`etc/rules/turn ${turn}.xml`]: String(turn) });
      await Promise.all(nodes.map((node) => node.stop()));
      const order = [...nodes.slice(turn), ...nodes.slice(0, turn)];
      for (const node of order) node.start();
    }
    await cluster.settled();
  });
});
