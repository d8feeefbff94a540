import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEmbeddedAgentStore } from "../../../src/node/ports/agentStore.js";
import { systemClock } from "../../../src/node/ports/systemClock.js";
import { systemRandom } from "../../../src/node/ports/systemRandom.js";
import { zlib414 } from "../../../src/protocol/dialects/zlib414.js";
import { probeMaster } from "../../../src/node/probeMaster.js";
import { TEST_CLUSTER, TEST_KEY, TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const TIMEOUT = 30_000;
const AGENTS = [
  { id: 1, name: "web01", groups: ["default"] },
  { id: 2, name: "db01", groups: ["web", "db"] },
];

/** The node's embedded store, while the node may run: SQLite keeps both apart. */
const storeOf = ({ root }: TestNode) => createEmbeddedAgentStore({ root, clock: systemClock, random: systemRandom });

async function groupsOf(node: TestNode): Promise<string> {
  const store = storeOf(node);
  try {
    return (await store.allAgentGroups()).join("");
  } finally {
    await store.close();
  }
}

describe("a cluster of dialect 4.14", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create({ dialect: zlib414 });
    for (const node of [cluster.master, cluster.worker]) {
      const store = storeOf(node);
      const isMaster = node === cluster.master;
      await store.importAgents(AGENTS.map(({ id, name, groups }) => ({ id, name, ...(isMaster ? { groups } : {}) })));
      if (!isMaster) await store.importAgents([{ id: 1, version: "Wazuh v4.14.7", node_name: "w1", connection_status: "active", sync_status: "syncreq" }]);
      await store.close();
    }
    await cluster.master.write({ "etc/rules/local.xml": "<rules/>" });
    await cluster.start();
    await cluster.settled();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test("the master's groups come to the worker's store", async () => {
    const wanted = '[{"data":[{"id":1,"groups":["default"]},{"id":2,"groups":["web","db"]}]}]';
    await waitUntil(async () => (await groupsOf(cluster.worker)) === wanted, TIMEOUT, "the groups on the worker");
    expect(await groupsOf(cluster.master)).toBe(wanted);
  });

  test("what the worker's store lost is asked for, all of it, after five differences", async () => {
    const store = storeOf(cluster.worker);
    await store.query("update agent set `group` = null, group_hash = null where id = 1");
    await store.close();
    await cluster.worker.reaches("agentGroupsReceive", "askingFullSet");
    await waitUntil(async () => (await groupsOf(cluster.worker)).includes('{"id":1,"groups":["default"]}'), TIMEOUT, "the full set");
  });

  test("the worker's agents come to the master's store", async () => {
    const store = storeOf(cluster.master);
    try {
      await waitUntil(async () => (await store.agent("001"))?.connection_status === "active", TIMEOUT, "agent 001 active");
      expect(await store.agent("001")).toMatchObject({ name: "web01", version: "Wazuh v4.14.7", node_name: "w1", sync_status: "synced" });
    } finally {
      await store.close();
    }
  });

  test("health has the shape of the dialect", async () => {
    const { nodes } = await cluster.health();
    expect(Object.keys(nodes["w1"]?.status ?? {})).toEqual([
      "sync_integrity_free",
      "last_check_integrity",
      "last_sync_integrity",
      "sync_agent_info_free",
      "last_sync_agentinfo",
      "last_sync_agentgroup",
      "last_sync_full_agentgroup",
      "last_keep_alive",
    ]);
    expect(nodes["w1"]?.status).toMatchObject({ last_sync_agentinfo: { n_synced_chunks: 3 } });
  });

  test("a worker of another dialect is refused, and the log tells which versions met", async () => {
    const other = await cluster.addWorker("w9", { dialect: "4.3-zip" });
    other.start();
    await other.process.waitForLog("Worker and master versions are not the same");
    await cluster.master.process.waitForLog('it is of version "4.3.0" (dialect 4.3-zip); this cluster is of version 4.14.7 (dialect 4.14)');
  });

  test("a probe tells what the master accepts, and takes no name", async () => {
    const settings = { host: "127.0.0.1", port: cluster.port, key: TEST_KEY, tls: undefined, clusterName: TEST_CLUSTER, nodeName: "w5", clock: systemClock, random: systemRandom };
    expect(await probeMaster(settings)).toEqual({ kind: "versionOpen", strictNames: true });
    expect(await probeMaster({ ...settings, clusterName: "other" })).toEqual({ kind: "otherCluster", strictNames: true });
    expect(await probeMaster({ ...settings, nodeName: "m1" })).toEqual({ kind: "masterName", strictNames: true });
    expect(await probeMaster({ ...settings, nodeName: "w.5" })).toEqual({ kind: "nodeNameRefused", strictNames: true });
    expect(await probeMaster({ ...settings, key: "x".repeat(32) })).toEqual({ kind: "noAnswer" });
    const { n_connected_nodes: workers } = await cluster.health();
    expect(workers).toBe(2);
    await cluster.join({ name: "w5" });
  });

  test("a lost connection empties the worker's folder on both sides", async () => {
    await cluster.master.write({ "queue/cluster/w1/left.zip": "of an earlier transfer" });
    await cluster.worker.stop();
    await cluster.master.cleared();
  });
});
