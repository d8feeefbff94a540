import { describe, expect, test } from "vitest";
import type { NodeInfo } from "../../../../src/dapi/cluster/NodeInfo.js";
import type { WorkerStep } from "../../../../src/dapi/cluster/WorkerStep.js";
import { agentNode, black, MASTER, white } from "../agents/agentNode.js";
import { failuresOf, membersOf } from "../nodeFixture.js";

const worker = (name: string, ip: string): NodeInfo => ({ name, type: "worker", version: "4.3.0", ip });
const NODES = [MASTER, worker("worker1", "10.0.0.7"), worker("worker2", "10.0.0.8")];
const NAMES = NODES.map(({ name }) => name);

const node = (permissions: Readonly<Record<string, unknown>> = {}, nodes: readonly string[] = NAMES) =>
  agentNode({
    nodes: NODES,
    request: { rbacPermissions: permissions, nodes },
    health: (filter) => ({
      n_connected_nodes: 2,
      nodes: Object.fromEntries((filter ?? []).toReversed().map((name) => [name, { info: { name } }])),
    }),
  });

describe("get_node_wrapper", () => {
  test("says which node this is", async () => {
    const result = await (await node()).items("cluster:get_node_wrapper");
    expect(result).toMatchObject({
      affectedItems: [{ node: "master", cluster: "wazuh", type: "master" }],
      allMessage: "All selected information was returned",
      noneMessage: "No information was returned",
    });
  });

  test("is refused to those who may not see the node", async () => {
    const fixture = await node(black("cluster:read", { "node:id:master": "deny" }));
    await expect(fixture.items("cluster:get_node_wrapper")).rejects.toMatchObject({
      code: 4000,
      errorClass: "WazuhPermissionError",
      message: "Permission denied: Resource type: node:id",
    });
  });
});

describe("get_nodes_info", () => {
  const GET = "cluster:get_nodes_info";

  test("gives the nodes that came with the request", async () => {
    const result = await (await node()).items(GET);
    expect(result).toMatchObject({
      affectedItems: NODES,
      totalAffectedItems: 3,
      allMessage: "All selected nodes information was returned",
      someMessage: "Some nodes information was not returned",
      noneMessage: "No information was returned",
    });
    expect((await (await node({}, [])).items(GET)).affectedItems).toEqual([]);
  });

  test.each([
    [{ filter_node: ["worker2", "master"] }, ["master", "worker2"]],
    [{ filter_node: "worker1" }, ["worker1"]],
    [{ filter_type: "worker" }, ["worker1", "worker2"]],
    [{ q: "ip~10.0.0;name!=worker1" }, ["worker2"]],
    [{ q: "type=worker", offset: 1 }, ["worker2"]],
    [{ search: { value: "10.0.0.8" } }, ["worker2"]],
    [{ sort: { fields: ["name"], order: "desc" }, limit: 2 }, ["worker2", "worker1"]],
  ])("with %j gives %j", async (args, names) => {
    expect(membersOf(await (await node()).items(GET, args), "name")).toEqual(names);
  });

  test("selects fields and counts before it cuts", async () => {
    const result = await (await node()).items(GET, { select: ["name"], limit: 1 });
    expect([result.affectedItems, result.totalAffectedItems]).toEqual([[{ name: "master" }], 3]);
  });

  test("fails for nodes that are not connected or denied", async () => {
    const fixture = await node(black("cluster:read", { "node:id:worker2": "deny" }));
    const result = await fixture.items(GET, { filter_node: ["worker1", "worker2", "ghost", "ghost"] });
    expect(membersOf(result, "name")).toEqual(["worker1"]);
    expect(failuresOf(result)).toEqual([
      [1730, "Node does not exist", ["ghost"]],
      [4000, "Permission denied: Resource type: node:id", ["worker2"]],
    ]);
  });

  test("leaves out denied nodes in silence when none are named", async () => {
    const fixture = await node(white("cluster:read", { "node:id:worker1": "allow" }));
    const result = await fixture.items(GET);
    expect([membersOf(result, "name"), result.failedItems]).toEqual([["worker1"], []]);
  });

  test("gives all connected nodes for one *, those aside that are denied", async () => {
    const fixture = await node(black("cluster:read", { "node:id:worker2": "deny" }), []);
    const result = await fixture.items(GET, { filter_node: "*" });
    expect([membersOf(result, "name"), result.failedItems]).toEqual([["master", "worker1"], []]);
  });

  test.each([
    [{ select: ["size"] }, 1724],
    [{ filter_type: "client" }, 1728],
    [{ sort: { fields: ["size"] } }, 1403],
    [{ q: "size=1" }, 1408],
    [{ limit: 0 }, 1406],
  ])("refuses %j with %i", async (args, code) => {
    await expect((await node()).items(GET, args)).rejects.toMatchObject({ code });
  });

  test("says that the cluster does not run", async () => {
    const fixture = await agentNode({ running: false });
    await expect(fixture.items(GET)).rejects.toMatchObject({ code: 3013 });
    await expect(fixture.items("cluster:get_health_nodes")).rejects.toMatchObject({ code: 3013 });
  });
});

describe("get_health_nodes", () => {
  const GET = "cluster:get_health_nodes";

  test("gives the nodes' health by their names", async () => {
    const result = await (await node()).items(GET);
    expect(result).toMatchObject({
      affectedItems: NAMES.map((name) => ({ info: { name } })),
      totalAffectedItems: 3,
      allMessage: "All selected nodes healthcheck information was returned",
      someMessage: "Some nodes healthcheck information was not returned",
      noneMessage: "No healthcheck information was returned",
    });
  });

  test("fails for nodes that are not connected", async () => {
    const result = await (await node()).items(GET, { filter_node: ["ghost", "worker1"] });
    expect(result.affectedItems).toEqual([{ info: { name: "worker1" } }]);
    expect(failuresOf(result)).toEqual([[1730, "Node does not exist", ["ghost"]]]);
  });
});

describe("get_status_json", () => {
  test.each([
    [{ running: true }, { enabled: "yes", running: "yes" }],
    [
      { running: false, cluster: { disabled: true } },
      { enabled: "no", running: "no" },
    ],
  ])("of %j is %j", async (options, data) => {
    expect(await (await agentNode(options)).plain("cluster:get_status_json")).toEqual({ data });
  });

  test("is refused to those who may not", async () => {
    const closed = await node(white("cluster:read", { "*:*:*": "allow" }));
    await expect(closed.plain("cluster:get_status_json")).rejects.toMatchObject({ code: 4000 });
    const open = await node(white("cluster:status", { "*:*:*": "allow" }));
    expect(await open.plain("cluster:get_status_json")).toHaveProperty("data");
  });
});

test("read_config_wrapper gives the cluster block without its secrets", async () => {
  const fixture = await agentNode({ cluster: { extra: { haproxy_password: "pass1", interval: "2m" } } });
  const result = await fixture.items("cluster:read_config_wrapper");
  expect(result.affectedItems).toEqual([
    {
      disabled: false,
      node_type: "master",
      name: "wazuh",
      node_name: "master",
      key: "********",
      port: 1516,
      bind_addr: "0.0.0.0",
      nodes: ["10.0.0.1"],
      hidden: "no",
      haproxy_password: "********",
      interval: "2m",
    },
  ]);
});

describe("get_steps", () => {
  const STEP: WorkerStep = { worker: "worker1", connected: true, inStep: true, since: 0, lastInStep: 5_000, seconds: 1.6, outOfStep: false, state: "free", lastError: null };
  const GONE: WorkerStep = { ...STEP, worker: "worker2", connected: false, inStep: false, lastInStep: null, outOfStep: true, state: null };
  const steps = [STEP, GONE];
  const GET = "muster.cluster:get_steps";

  test("tells of each worker where it stands", async () => {
    const { affectedItems, allMessage } = await (await agentNode({ steps })).items(GET);
    expect(allMessage).toBe("All selected workers were returned");
    expect(affectedItems).toEqual([
      { name: "worker1", connected: true, in_step: true, out_of_step: false, since: new Date(0), last_in_step: new Date(5_000), unconfirmed_seconds: 2, state: "free", last_error: null },
      { name: "worker2", connected: false, in_step: false, out_of_step: true, since: new Date(0), last_in_step: null, unconfirmed_seconds: 2, state: null, last_error: null },
    ]);
  });

  test("tells of those that are named, and of which it can't", async () => {
    const request = { rbacPermissions: black("cluster:read", { "node:id:worker1": "deny" }) };
    const { affectedItems, failedItems } = await (await agentNode({ steps, request })).items(GET, { filter_node: ["worker1", "worker2", "ghost"] });
    expect(affectedItems.map((item) => (item as { name: string }).name)).toEqual(["worker2"]);
    expect(failedItems.map(({ error, ids }) => [error.code, ids])).toEqual([[1730, ["ghost"]], [4000, ["worker1"]]]);
  });

  test("keeps silent about what the asker may not see", async () => {
    const { affectedItems, failedItems } = await (await agentNode({ steps, request: { rbacPermissions: white("cluster:read", { "node:id:worker2": "allow" }) } })).items(GET);
    expect(affectedItems).toHaveLength(1);
    expect(failedItems).toEqual([]);
  });
});
