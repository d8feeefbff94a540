import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TcpProxy } from "../../support/TcpProxy.js";
import { TestCluster } from "../../support/TestCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

const HASTY = {
  intervals: {
    worker: {
      sync_integrity: 0.2,
      sync_agent_info: 0.3,
      keep_alive: 0.3,
      connection_retry: 0.2,
      max_failed_keepalive_attempts: 2,
    },
    master: { recalculate_integrity: 0.2, check_worker_lastkeepalive: 0.3, max_allowed_time_without_keepalive: 1.5 },
    communication: { timeout_cluster_request: 0.6, timeout_receiving_file: 2 },
  },
};
const LARGE = (): Record<string, Uint8Array> => ({
  "etc/lists/large": randomBytes(16 * 1024 * 1024),
  "etc/rules/a.xml": randomBytes(100),
});

describe("a link that fails", () => {
  let cluster: TestCluster;
  let proxy: TcpProxy;

  beforeAll(async () => {
    cluster = await TestCluster.create({ clusterJson: HASTY });
    proxy = await TcpProxy.listen(cluster.port);
    const conf = (await cluster.worker.read("etc/ossec.conf")).replace(/<port>\d+/, `<port>${proxy.port}`);
    await cluster.worker.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
    await cluster.master.write({ "etc/rules/first.xml": "first" });
    await cluster.start();
    await cluster.inStep();
  });
  afterAll(async () => {
    await proxy?.close();
    await cluster?.dispose();
  });

  test("by a reset in the middle of a transfer: the worker comes back and is brought into step", async () => {
    const receiving = cluster.worker.reaches("integrityApply", "receivingFile");
    await cluster.master.write(LARGE());
    await receiving;
    proxy.cut();
    await cluster.settled();
  });

  test("by silence without an end, in the middle of a transfer: both sides notice, and the old connection is replaced", async () => {
    const [fromWorker, fromMaster] = [cluster.worker.process.logs.length, cluster.master.process.logs.length];
    const receiving = cluster.worker.reaches("integrityApply", "receivingFile");
    await cluster.master.write(LARGE());
    await receiving;
    proxy.freeze();
    await cluster.worker.process.waitForLog("Connection with server has been lost", { from: fromWorker });
    await cluster.master.process.waitForLog("Connection with worker w1 closed", { from: fromMaster });
    await cluster.settled();
  });

  test("by silence while nothing goes on", async () => {
    const from = cluster.worker.process.logs.length;
    proxy.freeze();
    await cluster.worker.process.waitForLog("Successfully connected", { from });
    await cluster.master.write({ "etc/rules/after.xml": "after" });
    await cluster.settled();
  });

  test("a stopped worker is dropped, and is brought into step when it goes on", async () => {
    const from = cluster.master.process.logs.length;
    const receiving = cluster.worker.reaches("integrityApply", "receivingFile");
    await cluster.master.write(LARGE());
    await receiving;
    cluster.worker.process.signal("SIGSTOP");
    await cluster.master.process.waitForLog("Connection with worker w1 closed", { from });
    expect((await cluster.health()).nodes["w1"]).toBeUndefined();
    cluster.worker.process.signal("SIGCONT");
    await cluster.settled();
  });

  test("a stopped master is left, and taken again when it goes on", async () => {
    const from = cluster.worker.process.logs.length;
    const receiving = cluster.worker.reaches("integrityApply", "receivingFile");
    await cluster.master.write(LARGE());
    await receiving;
    cluster.master.process.signal("SIGSTOP");
    await cluster.worker.process.waitForLog("Connection with server has been lost", { from });
    await cluster.worker.process.waitForLog("Could not connect to master", { from });
    cluster.master.process.signal("SIGCONT");
    await cluster.settled();
  });

  test("by being slow: what is larger than the link carries within a request's timeout arrives all the same", async () => {
    proxy.rate = 64 * 1024;
    await cluster.master.write({ "etc/lists/slow": randomBytes(100 * 1024) });
    await waitUntil(async () => (await cluster.worker.read("etc/lists/slow").catch(() => "")) !== "", 30_000);
    proxy.rate = Infinity;
    await cluster.settled();
  });

  test("again and again: the last word is that trees are equal", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const from = cluster.worker.process.logs.length;
      await cluster.master.write({
        [`etc/rules/turn ${turn}.xml`]: String(turn),
        "etc/lists/large": randomBytes(2 * 1024 * 1024),
      });
      const wanted = proxy.bytes + turn * 400_000;
      await waitUntil(() => proxy.bytes >= wanted);
      proxy.cut();
      await cluster.worker.process.waitForLog("Successfully connected", { from });
    }
    await cluster.settled();
  });
});
