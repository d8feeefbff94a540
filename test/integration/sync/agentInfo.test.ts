import Libsql from "libsql";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../support/processes.js";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const AGENTS = Array.from({ length: 1_500 }, (_, n) => ({
  id: String(n + 1).padStart(3, "0"),
  name: `agent-${n + 1}`,
  ip: `10.0.${Math.trunc(n / 250)}.${n % 250}`,
  version: "Wazuh v4.3.0",
  status: n % 3 === 0 ? "active" : "disconnected",
  node_name: "w1",
  labels: [{ key: "city", value: "Zürich" }],
}));

interface ListedAgent {
  readonly id: string;
  readonly name?: string;
  readonly version?: string;
  readonly status?: string;
  readonly node_name?: string;
}

async function importAgents(node: TestNode, agents: readonly object[]): Promise<void> {
  const file = join(node.root, "agents.json");
  await writeFile(file, JSON.stringify(agents));
  const { status, output } = await runCommand(["agents", "--root", node.root, "import", file]);
  expect(status, output).toBe(0);
}

/** All rows of a query in a node's embedded store. */
function rows(node: TestNode, query: string): unknown[] {
  const database = new Libsql(join(node.root, "queue/db/global.db"), { readonly: true, timeout: 5_000 });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

describe("agents", () => {
  let cluster: TestCluster;
  let master: TestNode;
  let worker: TestNode;

  beforeAll(async () => {
    cluster = await TestCluster.create();
    ({ master, worker } = cluster);
    await cluster.start();
    // A master updates the agents that it knows; a registration makes them known.
    await importAgents(
      master,
      AGENTS.map(({ id, name }) => ({ id, name, sync_status: "synced" })),
    );
    await importAgents(worker, AGENTS);
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test("what a worker learns of its agents ends in the master's store", async () => {
    await waitUntil(() => rows(master, "SELECT 1 FROM agent WHERE version = 'Wazuh v4.3.0'").length === AGENTS.length);
    const { output } = await runCommand(["agents", "--root", master.root, "list", "--json"]);
    const listed = (JSON.parse(output) as ListedAgent[]).filter(({ id }) => id !== "000");
    expect(listed).toHaveLength(AGENTS.length);
    expect(listed.find(({ id }) => id === "1500")).toMatchObject({
      name: "agent-1500",
      version: "Wazuh v4.3.0",
      node_name: "w1",
    });
  });

  test("labels travel along", async () => {
    await waitUntil(
      () => rows(master, "SELECT 1 FROM labels WHERE key = 'city' AND value = 'Zürich'").length === AGENTS.length,
    );
  });

  test("get_health tells of the chunks and of each node's active agents", async () => {
    await waitUntil(async () => {
      const { nodes } = await cluster.health();
      expect(nodes["w1"]?.info.n_active_agents).toBe(AGENTS.filter(({ status }) => status === "active").length);
      return true;
    });
    expect((await cluster.health()).nodes["w1"]?.status.last_sync_agentinfo.n_synced_chunks).toBeGreaterThan(0);
  });

  test("a change is sent, and nothing again that has not changed", async () => {
    const from = worker.process.logs.length;
    await importAgents(worker, [{ id: "007", version: "Wazuh v4.3.1" }]);
    await waitUntil(() => rows(master, "SELECT 1 FROM agent WHERE id = 7 AND version = 'Wazuh v4.3.1'").length === 1);
    await worker.process.waitForLog(/Updated 1 chunks/, { from });
    await worker.inStep();
    await worker.inStep();
    expect(worker.process.logs.slice(from).filter(({ message }) => message.includes("chunks"))).toHaveLength(1);
  });

  test("what the worker learns while there is no master is sent later", async () => {
    await master.stop();
    await importAgents(worker, [{ id: "008", version: "Wazuh v4.3.2" }]);
    await cluster.startMaster();
    await waitUntil(() => rows(master, "SELECT 1 FROM agent WHERE id = 8 AND version = 'Wazuh v4.3.2'").length === 1);
  });

  test("get_nodes and get_health take their filters", async () => {
    const peer = await cluster.join({ name: "asker" });
    await waitUntil(async () => ((await peer.askJson("get_nodes", {})) as { totalItems: number }).totalItems === 3);
    expect(await peer.askJson("get_nodes", { filter_type: "master" })).toEqual({
      items: [{ name: "m1", type: "master", version: "4.3.0", ip: "127.0.0.1" }],
      totalItems: 1,
    });
    expect(Object.keys(((await peer.askJson("get_health", ["w1"])) as { nodes: object }).nodes)).toEqual(["w1"]);
    expect(Object.keys(((await peer.askJson("get_health", null)) as { nodes: object }).nodes).sort()).toEqual([
      "asker",
      "m1",
      "w1",
    ]);
    peer.link.close();
  });

  test("chunks of a foreign worker are counted, and its mistakes answered in the reference's words", async () => {
    const peer = await cluster.join({ name: "foreign" });
    const command = "global sync-agent-info-set";
    const good = JSON.stringify([
      { id: 9, name: "agent-9", version: "Wazuh v4.2.0", node_name: "foreign", connection_status: "active" },
    ]);
    const sent = await peer.sendAgentInfo(JSON.stringify({ set_data_command: command, chunks: [good, "[{]"] }));
    expect(JSON.parse(sent)).toMatchObject({ updated_chunks: 1, error_messages: [expect.any(String)] });
    await waitUntil(() => rows(master, "SELECT 1 FROM agent WHERE id = 9 AND version = 'Wazuh v4.2.0'").length === 1);
    expect(await peer.sendAgentInfo("{not json")).toMatch(/^error while trying to load JSON: /);
    const chosen = { set_data_command: "global sql DELETE FROM agent; --", chunks: ["x"] };
    expect(await peer.sendAgentInfo(JSON.stringify(chosen))).toMatch(/^error while trying to load JSON: /);
    expect(rows(master, "SELECT 1 FROM agent").length).toBeGreaterThan(AGENTS.length);
    expect((await peer.link.ask("syn_a_w_m_p")).toString()).toBe("True");
    peer.link.close();
  });

  test("an agent that the master's keys no longer list leaves nothing on the worker", async () => {
    const keys = (...ids: string[]): { content: string; mode: number } => ({
      content: ids.map((id) => `${id} agent${id} any ${id}key\n`).join(""),
      mode: 0o640,
    });
    await importAgents(worker, [
      { id: "001", group: ["default", "web"] },
      { id: "002", group: ["default"] },
    ]);
    await master.write({
      "etc/client.keys": keys("001", "002"),
      "queue/agent-groups/001": "default",
      "queue/agent-groups/002": "default",
    });
    const leftovers = [
      "queue/rootcheck/(agent001) any->rootcheck",
      "queue/diff/agent001/etc/last-entry",
      "queue/rids/001",
      "var/db/agents/agent001-001.db",
    ];
    const others = ["queue/rids/002", "queue/diff/agent002/file", "var/db/agents/agent002-002.db"];
    await worker.write(Object.fromEntries([...leftovers, ...others].map((path) => [path, "left behind"])));
    await cluster.inStep();
    expect(rows(worker, "SELECT 1 FROM belongs WHERE id_agent = 1")).toHaveLength(2);

    await master.remove("queue/agent-groups/001");
    await master.write({ "etc/client.keys": keys("002") });
    await cluster.settled();
    for (const path of [...leftovers, "queue/agent-groups/001"])
      await expect(worker.read(path), path).rejects.toThrow("ENOENT");
    for (const path of others) expect(await worker.read(path)).toBe("left behind");
    await waitUntil(() => rows(worker, "SELECT 1 FROM belongs WHERE id_agent = 1").length === 0);
    expect(rows(worker, "SELECT 1 FROM belongs WHERE id_agent = 2")).toHaveLength(1);
  });
});
