import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PeerMessage } from "../../support/peer/PeerLink.js";
import { RawMaster } from "../../support/peer/RawMaster.js";
import { TEST_CLUSTER, TEST_KEY, TestCluster } from "../../support/TestCluster.js";
import { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

/** Rounds and passes that come by themselves are further away than any wait of a test. */
const RARE = {
  intervals: {
    worker: { sync_integrity: 600, sync_agent_info: 600, keep_alive: 60, connection_retry: 0.3 },
    master: { recalculate_integrity: 600, check_worker_lastkeepalive: 60, max_allowed_time_without_keepalive: 300 },
  },
};

describe("a change on the master", () => {
  let cluster: TestCluster;
  const contentAt = (worker: TestNode, path: string): Promise<string> => worker.read(path).catch(() => "");

  beforeAll(async () => {
    cluster = await TestCluster.create({ workers: ["w1", "w2"], clusterJson: RARE });
    await cluster.master.write({ "etc/rules/first.xml": "first" });
    await cluster.start();
    await Promise.all(cluster.workers.map((worker) => worker.process.waitForLog("Successfully connected")));
    await cluster.master.process.waitForLog("Calculated metadata of 1 files");
  });
  afterAll(async () => {
    await cluster.dispose();
  });

  test("is on muster workers long before their next round, and so is the one after it", async () => {
    for (const content of ["second", "third"]) {
      await cluster.master.write({ "etc/rules/first.xml": content });
      for (const worker of cluster.workers) {
        await waitUntil(async () => (await contentAt(worker, "etc/rules/first.xml")) === content, 20_000, `${content} on ${worker.name}`);
      }
    }
  });

  test("in a folder that has just come is told as well", async () => {
    await cluster.master.write({ "etc/lists/new/deep/list": "a:b" });
    for (const worker of cluster.workers) {
      await waitUntil(async () => (await contentAt(worker, "etc/lists/new/deep/list")) === "a:b", 20_000, `the list on ${worker.name}`);
    }
  });

  test("is told to nobody who has not said that he wants to hear of it", async () => {
    const heard: string[] = [];
    const handle = ({ command }: PeerMessage): undefined => {
      heard.push(command);
      return undefined;
    };
    await cluster.join({ name: "foreign", handle });
    const friend = await cluster.join({ name: "friend", handle: ({ command }) => (heard.push(`friend ${command}`), command === "mst_check" ? { command: "ok", payload: "" } : undefined) });
    expect(await friend.askJson("muster", { features: ["push"] })).toEqual({ features: ["push"] });
    await cluster.master.write({ "etc/rules/first.xml": "fourth" });
    await waitUntil(() => heard.includes("friend mst_check"), 20_000, "news for the worker that wants them");
    expect(heard).not.toContain("mst_check");
    await cluster.disconnect();
  });

  test("announced with a payload of another form is an error, and ends nothing", async () => {
    const peer = await cluster.join({ name: "odd" });
    await expect(peer.askJson("muster", ["push"])).rejects.toThrow(/muster expects/);
    expect(await peer.askJson("muster", { features: [] })).toEqual({ features: ["push"] });
    await cluster.disconnect();
  });
});

describe("a master that knows no features", () => {
  test("is told of them once, and all goes on as before", async () => {
    const asked: string[] = [];
    const master = await RawMaster.listen({
      key: TEST_KEY,
      handle: ({ command, payload }) => {
        if (command === "muster") asked.push(payload.toString());
        return undefined;
      },
    });
    const intervals = { worker: { ...RARE.intervals.worker, sync_integrity: 0.2 } };
    const worker = await TestNode.create({ kind: "worker", name: "w1", port: master.port, key: TEST_KEY, cluster: TEST_CLUSTER, clusterJson: { intervals } });
    try {
      worker.start();
      await worker.inStep();
      await worker.inStep();
      expect(asked).toEqual(['{"features":["push"]}']);
      expect(worker.process.logs.filter(({ level }) => level === "error" || level === "warning")).toEqual([]);
    } finally {
      await worker.dispose();
      await master.close();
    }
  });
});
