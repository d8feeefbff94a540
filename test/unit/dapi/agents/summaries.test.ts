import { describe, expect, test } from "vitest";
import { failuresOf } from "../nodeFixture.js";
import { agentNode, black } from "./agentNode.js";
import { AGENTS, NOW } from "./agents.js";

const TREE = { "etc/shared/default/agent.conf": "", "etc/shared/web/merged.mg": "x", "etc/shared/ar.conf": "" };
const node = () => agentNode({ agents: AGENTS, tree: TREE });

describe("get_agents_summary_status", () => {
  test("counts the agents without the manager", async () => {
    const content = await (await node()).plain("agent:get_agents_summary_status");
    expect(content).toEqual({ data: { active: 2, disconnected: 1, never_connected: 1, pending: 0, total: 4 } });
    expect(Object.keys(content["data"] as object)).toEqual([
      "active",
      "disconnected",
      "never_connected",
      "pending",
      "total",
    ]);
  });

  test("counts the agents that are named", async () => {
    const content = await (await node()).plain("agent:get_agents_summary_status", { agent_list: ["000", "002", "9"] });
    expect(content).toMatchObject({ data: { active: 0, disconnected: 1, total: 1 } });
  });

  test("reads one row a status", async () => {
    const fixture = await node();
    await fixture.plain("agent:get_agents_summary_status");
    expect(fixture.commands.at(-1)).toContain("group by connection_status");
  });
});

test("get_agents_summary_os gives the platforms, and unknown for those without one", async () => {
  const result = await (await node()).items("agent:get_agents_summary_os");
  expect(result.affectedItems).toEqual(["unknown", "debian", "ubuntu"]);
  expect(result).toMatchObject({
    totalAffectedItems: 3,
    allMessage: "Showing the operative system of all specified agents",
  });
});

describe("get_distinct_agents", () => {
  const DISTINCT = "agent:get_distinct_agents";

  test("counts agents by the fields' values", async () => {
    const result = await (await node()).items(DISTINCT, { fields: ["os.name", "os.platform"], q: "id!=000" });
    expect(result.affectedItems).toEqual([
      { os: { name: "unknown", platform: "unknown" }, count: 1 },
      { os: { name: "Debian GNU/Linux", platform: "debian" }, count: 1 },
      { os: { name: "Ubuntu", platform: "ubuntu" }, count: 2 },
    ]);
    expect(result).toMatchObject({
      totalAffectedItems: 3,
      allMessage: "All selected agents information was returned",
    });
  });

  test("sorts by the counts, and cuts in the store", async () => {
    const fixture = await node();
    const result = await fixture.items(DISTINCT, {
      fields: ["node_name"],
      sort: { fields: ["count"], order: "desc" },
      limit: 1,
    });
    expect([result.affectedItems, result.totalAffectedItems]).toEqual([[{ node_name: "unknown", count: 2 }], 3]);
    expect(fixture.commands.at(-1)).toMatch(/limit 1 offset 0$/);
  });

  test("searches among agents, and takes named ones", async () => {
    const fixture = await node();
    const found = await fixture.items(DISTINCT, { fields: ["status"], search: { value: "web", negation: false } });
    // The third is in group `web`.
    expect(found.affectedItems).toEqual([
      { status: "active", count: 2 },
      { status: "disconnected", count: 1 },
    ]);
    const named = await fixture.items(DISTINCT, { fields: ["status"], agent_list: ["002", "8"] });
    expect(named.affectedItems).toEqual([{ status: "disconnected", count: 1 }]);
    expect(failuresOf(named)).toEqual([[1701, "Agent does not exist", ["008"]]]);
  });

  test.each([
    [{ fields: ["internal_key"] }, 1724],
    [{ fields: [] }, 1724],
    [{ fields: ["status"], sort: { fields: ["name"] } }, 1403],
    [{ fields: ["status"], limit: 0 }, 1406],
    [{ fields: ["status"], q: "x=1" }, 1408],
  ])("refuses %j with %i", async (args, code) => {
    await expect((await node()).items(DISTINCT, args)).rejects.toMatchObject({ code });
  });
});

describe("get_full_overview", () => {
  test("shows everything at once, without the manager", async () => {
    const content = await (await node()).plain("agent:get_full_overview");
    expect(content).toEqual({
      data: {
        nodes: [
          { node_name: "unknown", count: 1 },
          { node_name: "worker1", count: 2 },
          { node_name: "worker2", count: 1 },
        ],
        groups: [
          { name: "default", count: 2, configSum: "d41d8cd98f00b204e9800998ecf8427e" },
          { name: "web", count: 2, mergedSum: "9dd4e461268c8034f5c8564e155c67a6" },
        ],
        agent_os: [
          { os: { name: "unknown", platform: "unknown", version: "unknown" }, count: 1 },
          { os: { name: "Debian GNU/Linux", platform: "debian", version: "11" }, count: 1 },
          { os: { name: "Ubuntu", platform: "ubuntu", version: "20.04" }, count: 1 },
          { os: { name: "Ubuntu", platform: "ubuntu", version: "9.10" }, count: 1 },
        ],
        agent_status: { active: 2, disconnected: 1, never_connected: 1, pending: 0, total: 4 },
        agent_version: [
          { version: "unknown", count: 1 },
          { version: "Wazuh v3.13.2", count: 1 },
          { version: "Wazuh v4.1.5", count: 1 },
          { version: "Wazuh v4.3.0", count: 1 },
        ],
        last_registered_agent: [
          {
            id: "010",
            name: "dbx1",
            ip: "10.0.1.10",
            registerIP: "10.0.1.10",
            status: "never_connected",
            node_name: "unknown",
            dateAdd: new Date((NOW - 36_000) * 1000),
          },
        ],
      },
    });
  });

  test("of a node without agents is empty", async () => {
    const fixture = await agentNode({ tree: {} });
    expect(await fixture.plain("agent:get_full_overview")).toMatchObject({
      data: { nodes: [], groups: [], agent_status: { total: 0 }, last_registered_agent: [] },
    });
  });

  test("shows only what its asker may see", async () => {
    const fixture = await agentNode({
      agents: AGENTS,
      tree: TREE,
      request: {
        rbacPermissions: { ...black("agent:read", { "agent:id:*": "deny" }), "group:read": { "group:id:web": "deny" } },
      },
    });
    const { data } = await fixture.plain("agent:get_full_overview");
    expect(data).toMatchObject({ nodes: [], agent_status: { total: 0 }, last_registered_agent: [] });
    expect((data as { groups: unknown[] }).groups).toMatchObject([{ name: "default" }]);
  });
});

describe("Agent.get_agents_overview", () => {
  test("gives items and their number; without a limit all", async () => {
    const fixture = await node();
    const content = await fixture.plain("wazuh.core.agent:Agent.get_agents_overview", {
      filters: { status: "active,disconnected", node_name: "worker1,worker2" },
      select: ["id", "node_name"],
    });
    expect(content).toEqual({
      items: [
        { id: "001", node_name: "worker1" },
        { id: "002", node_name: "worker2" },
        { id: "003", node_name: "worker1" },
      ],
      totalItems: 3,
    });
  });
});
