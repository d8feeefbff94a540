import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestCluster } from "../../support/TestCluster.js";

describe("restarts", () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.create({ workers: ["w1", "w2"] });
    await cluster.master.write({ "etc/rules/a.xml": "one", "etc/shared/default/agent.conf": "one" });
  });
  afterEach(async () => {
    await cluster?.dispose();
  });

  test("workers that are started before their master join it when it comes", async () => {
    for (const worker of cluster.workers) worker.start();
    for (const worker of cluster.workers) await worker.process.waitForLog("Could not connect to master");
    await cluster.startMaster();
    await cluster.inStep();
  });

  test("a master that was stopped and changed meanwhile brings its workers into step", async () => {
    await cluster.start();
    await cluster.inStep();
    await cluster.master.stop();
    await cluster.master.write({ "etc/rules/a.xml": "two", "etc/rules/b.xml": "new" });
    await cluster.master.remove("etc/shared/default");
    for (const worker of cluster.workers) await worker.process.waitForLog("Connection with server has been lost");
    await cluster.startMaster();
    await cluster.inStep();
    expect(await cluster.worker.read("etc/rules/a.xml")).toBe("two");
  });

  test("a worker that was stopped and changed meanwhile is set right; the other one does not notice", async () => {
    await cluster.start();
    await cluster.inStep();
    const [first, second] = cluster.workers;
    await first?.stop();
    await first?.write({ "etc/rules/a.xml": "changed", "etc/lists/own": "own" });
    await cluster.master.write({ "etc/rules/c.xml": "new" });
    first?.start();
    await cluster.inStep();
    expect(second?.process.logs.some(({ message }) => message.includes("lost"))).toBe(false);
  });

  test("all nodes at once, several times, in any order", async () => {
    await cluster.start();
    const nodes = [cluster.master, ...cluster.workers];
    for (let turn = 0; turn < 3; turn += 1) {
      await cluster.master.write({ [`etc/rules/turn ${turn}.xml`]: String(turn) });
      await Promise.all(nodes.map((node) => node.stop()));
      const order = [...nodes.slice(turn), ...nodes.slice(0, turn)];
      for (const node of order) node.start();
    }
    await cluster.settled();
  });

  test("what an earlier life left in queue/cluster is removed at the start, on both sides", async () => {
    for (const node of [cluster.master, cluster.worker]) {
      const folder = join(node.root, "queue/cluster/w1");
      await mkdir(join(folder, "w1-1.0-2.zipdir/etc/rules"), { recursive: true });
      await writeFile(join(folder, "w1-1.0-2.zip"), "half an archive");
      await writeFile(join(folder, "w1-1.0-2.zipdir/etc/rules/a.xml"), "half a file");
      await writeFile(join(folder, "agent-groups.merged"), "1 001");
    }
    await cluster.start();
    await cluster.settled();
    expect(await cluster.worker.read("etc/rules/a.xml")).toBe("one");
  });
});
