import { describe, expect, test } from "vitest";
import { decide } from "../../../../src/dapi/resolution/decide.js";
import { newRequest } from "../../../../src/dapi/encoding/requestJson.js";
import { cut, pageOf } from "../../../../src/dapi/resolution/pages.js";
import { solve, type Solution } from "../../../../src/dapi/resolution/solve.js";
import { affectedItems } from "../../../../src/dapi/results/ApiResult.js";
import type { DapiRequest, RequestType } from "../../../../src/dapi/DapiRequest.js";

const AGENTS = [
  { id: "001", nodeName: "w1" },
  { id: "002", nodeName: "w2" },
  { id: "003", nodeName: "w1" },
  { id: "004", nodeName: "unknown" },
  { id: "005", nodeName: "gone" },
];
const VIEW = {
  ownName: "m",
  connectedNodes: ["m", "w1", "w2"],
  // Two at a time, so that what is asked spans pages.
  agents: async function* (ids: readonly string[] | "all") {
    const found = AGENTS.filter(({ id }) => ids === "all" || ids.includes(id));
    for (let at = 0; at < found.length; at += 2) yield await Promise.resolve(found.slice(at, at + 2));
  },
};

const ask = (args: Record<string, unknown>, more: Partial<DapiRequest> = {}): Promise<Solution> =>
  solve(newRequest({ module: "wazuh.manager", qualname: "f", requestType: "distributed_master", arguments: args, ...more }), VIEW);

/** Node → what it is asked. */
const sharesOf = ({ shares }: Solution) => Object.fromEntries(shares.map(({ nodeName, request }) => [nodeName, request.arguments]));
const failedOf = ({ failed }: Solution) => failed.map(({ error, ids }) => [error.code, ...ids]);

describe("the decision table (dapi.md 1.2)", () => {
  test.each<[RequestType, "master" | "worker", boolean, string]>([
    ["local_any", "master", false, "execute"],
    ["local_any", "worker", true, "execute"],
    ["local_master", "master", true, "execute"],
    ["local_master", "worker", false, "askMaster"],
    ["local_master", "worker", true, "askMaster"],
    ["distributed_master", "master", false, "forward"],
    ["distributed_master", "master", true, "execute"],
    ["distributed_master", "worker", false, "askMaster"],
    ["distributed_master", "worker", true, "execute"],
  ])("%s at a %s, from the cluster: %s → %s", (requestType, type, fromCluster, decision) => {
    const node = { type, distributedApiEnabled: true, clusterDisabled: false };
    expect(decide({ requestType, fromCluster }, node)).toBe(decision);
    expect(decide({ requestType, fromCluster }, { ...node, distributedApiEnabled: false })).toBe("execute");
    expect(decide({ requestType, fromCluster }, { ...node, clusterDisabled: true })).toBe("execute");
  });
});

describe("solve (dapi.md 1.4)", () => {
  test("agents are asked of the nodes that they report to; those of no node, and unknown ones, of this one", async () => {
    const solution = await ask({ agent_list: ["001", "002", "003", "004", "999", "000"] });
    expect(sharesOf(solution)).toEqual({ w1: { agent_list: ["001", "003"] }, w2: { agent_list: ["002"] }, m: { agent_list: ["004", "999", "000"] } });
    expect(solution.shares.every(({ request }) => request.fromCluster)).toBe(true);
  });

  test("an agent of a node that is not connected fails with 3022", async () => {
    expect(failedOf(await ask({ agent_list: ["005", "001"] }))).toEqual([[3022, "gone"]]);
  });

  test("all agents, of one node: each gets its own", async () => {
    expect(sharesOf(await ask({ agent_list: "*", node_id: "w1" }))).toEqual({ w1: { agent_list: ["001", "003"] } });
  });

  test("a node without agents is asked all the same", async () => {
    expect(sharesOf(await ask({ agent_list: "*", node_id: "m" }))).toEqual({ m: { agent_list: ["004"] } });
  });

  test("named nodes are asked without their names; one that does not exist fails with 1730", async () => {
    const solution = await ask({ node_list: ["m", "w2", "ghost"], level: 3 });
    expect(sharesOf(solution)).toEqual({ m: { level: 3 }, w2: { level: 3 } });
    expect(failedOf(solution)).toEqual([[1730, "ghost"]]);
  });

  test.each([["*", false], [undefined, true]])("node_list %s, broadcasting %s: all connected nodes", async (nodeList, broadcasting) => {
    expect(Object.keys(sharesOf(await ask({ node_list: nodeList }, { broadcasting })))).toEqual(["m", "w1", "w2"]);
  });

  test("neither agents nor nodes: the nodes of the agent table", async () => {
    const solution = await ask({});
    expect(Object.keys(sharesOf(solution))).toEqual(["m", "w1", "w2"]);
    expect(failedOf(solution)).toEqual([[3022, "gone"]]);
  });

  test("a node that the asker may not know fails with 4000, and is left out of what all are asked", async () => {
    const rbacPermissions = { "cluster:read": { "node:id:w1": "deny" }, rbac_mode: "black" };
    expect(failedOf(await ask({ node_list: ["w1", "w2"] }, { rbacPermissions }))).toEqual([[4000, "w1"]]);
    const all = await ask({ node_list: "*" }, { rbacPermissions, broadcasting: true });
    expect([Object.keys(sharesOf(all)), failedOf(all)]).toEqual([["m", "w2"], []]);
  });
});

describe("a page of what several nodes have", () => {
  test("each is asked for everything up to its end, and the merged items are cut", async () => {
    const solution = await ask({ node_list: "*", offset: 10, limit: 5 });
    expect(sharesOf(solution).w1).toEqual({ offset: 0, limit: 15 });
    const merged = affectedItems({ affectedItems: Array.from({ length: 45 }, (_, at) => at), allMessage: "", someMessage: "", noneMessage: "" });
    expect(cut(merged, solution.page ?? { offset: 0, limit: 0 })).toMatchObject({ affectedItems: [10, 11, 12, 13, 14], totalAffectedItems: 45 });
  });

  test("one node cuts its own; a request without a page is not cut", async () => {
    expect(sharesOf(await ask({ node_id: "w1", offset: 10, limit: 5 }))).toEqual({ w1: { offset: 10, limit: 5 } });
    expect(pageOf({})).toBeUndefined();
    expect(pageOf({ limit: null })).toBeUndefined();
  });
});
