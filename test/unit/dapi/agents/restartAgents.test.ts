import { describe, expect, test } from "vitest";
import { failuresOf } from "../nodeFixture.js";
import { agentNode, black } from "./agentNode.js";
import { AGENTS } from "./agents.js";

const RESTART = "agent:restart_agents";
const QUEUE = "queue/alerts/ar";
const JSON_TEXT =
  '{"version": 1, "origin": {"module": "API"}, "command": "restart-wazuh0", "parameters": {"extra_args": [], "alert": {}}}';

function systemError(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

describe("restart_agents", () => {
  test("sends each agent the command that its version reads", async () => {
    const fixture = await agentNode({ agents: AGENTS });
    const result = await fixture.items(RESTART, { agent_list: ["003", "001"] });
    expect(result).toMatchObject({
      affectedItems: ["001", "003"],
      totalAffectedItems: 2,
      failedItems: [],
      sortFields: null,
      sortCasting: ["int"],
      allMessage: "Restart command was sent to all agents",
      someMessage: "Restart command was not sent to some agents",
      noneMessage: "Restart command was not sent to any agent",
    });
    expect(fixture.datagrams).toEqual([
      `${QUEUE} (msg_to_agent) [] NNS 001 ${JSON_TEXT}`,
      `${QUEUE} (msg_to_agent) [] NNS 003 restart-ossec0 - null (from_the_server) (no_rule_id)`,
    ]);
  });

  test.each([
    ["Wazuh v4.2.0", true],
    ["Wazuh v10.0.0", true],
    ["Wazuh v4.1.99", false],
    ["Wazuh v3.13.0", false],
    ["", false],
  ])("version %j reads JSON: %s", async (version, readsJson) => {
    const fixture = await agentNode({ agents: [{ id: 7, name: "a", connection_status: "active", version }] });
    await fixture.items(RESTART, { agent_list: ["007"] });
    expect(fixture.datagrams[0]?.includes("restart-wazuh0")).toBe(readsJson);
  });

  test("says why others were left out", async () => {
    const fixture = await agentNode({ agents: AGENTS });
    const result = await fixture.items(RESTART, { agent_list: ["000", "001", "002", "010", "099"] });
    expect(result.affectedItems).toEqual(["001"]);
    expect(failuresOf(result)).toEqual([
      [1701, "Agent does not exist", ["099"]],
      [1703, "Action not available for Manager (agent 000)", ["000"]],
      [1707, "Cannot send request, agent is not active", ["002", "010"]],
    ]);
  });

  test.each([[{}], [{ agent_list: "*" }], [{ agent_list: ["*"] }]])("with %j means all active agents", async (args) => {
    const fixture = await agentNode({ agents: AGENTS });
    const result = await fixture.items(RESTART, args);
    expect([result.affectedItems, result.failedItems]).toEqual([["001", "003"], []]);
  });

  test("of no agents sends nothing", async () => {
    const fixture = await agentNode({ agents: AGENTS });
    const result = await fixture.items(RESTART, { agent_list: [] });
    expect([result.affectedItems, result.failedItems, fixture.datagrams]).toEqual([[], [], []]);
  });

  test("does not restart what its asker may only read", async () => {
    const fixture = await agentNode({
      agents: AGENTS,
      request: { rbacPermissions: black("agent:restart", { "agent:id:001": "deny" }) },
    });
    const result = await fixture.items(RESTART, { agent_list: ["001", "003"] });
    expect(result.affectedItems).toEqual(["003"]);
    expect(failuresOf(result)).toEqual([[4000, "Permission denied: Resource type: agent:id", ["001"]]]);
    expect(fixture.datagrams).toHaveLength(1);
  });

  test.each([
    ["ENOENT", 1010, "Unable to connect to queue: WAZUH_HOME/queue/alerts/ar"],
    ["ECONNREFUSED", 1010, "Unable to connect to queue: WAZUH_HOME/queue/alerts/ar"],
    ["ETIMEDOUT", 1011, "Error communicating with queue: WAZUH_HOME/queue/alerts/ar"],
  ])("%s at the queue is error %i for all that are left", async (code, number, message) => {
    let calls = 0;
    const fixture = await agentNode({
      agents: AGENTS,
      sendDatagram: () => {
        calls += 1;
        return systemError(code);
      },
    });
    const result = await fixture.items(RESTART);
    expect([failuresOf(result), calls]).toEqual([[[number, message, ["001", "003"]]], 1]);
  });

  test("ends with the request", async () => {
    const abort = new AbortController();
    const fixture = await agentNode({
      agents: AGENTS,
      signal: abort.signal,
      sendDatagram: () => {
        abort.abort(new Error("given up"));
        return Promise.resolve();
      },
    });
    await expect(fixture.items(RESTART)).rejects.toThrow("given up");
    expect(fixture.datagrams).toHaveLength(1);
  });
});

test.each(["restart_agents_by_node", "restart_agents_by_group"])("%s restarts the agents it gets", async (name) => {
  const fixture = await agentNode({ agents: AGENTS });
  expect((await fixture.items(`agent:${name}`, { agent_list: ["003"] })).affectedItems).toEqual(["003"]);
});
