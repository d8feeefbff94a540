import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { agentNode, black, white } from "../agents/agentNode.js";
import { AGENTS } from "../agents/agents.js";
import { failuresOf, membersOf } from "../nodeFixture.js";

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex");

const TREE = {
  "etc/shared/ar.conf": "restart-ossec0 - restart-ossec.sh - 0\n",
  "etc/shared/default/agent.conf": "<agent_config/>",
  "etc/shared/default/merged.mg": "merged",
  "etc/shared/web/agent.conf": "<agent_config></agent_config>",
  "etc/shared/empty/sub/file": "",
};
const node = (permissions: Readonly<Record<string, unknown>> = {}) =>
  agentNode({ agents: AGENTS, tree: TREE, request: { rbacPermissions: permissions } });

describe("get_agent_groups", () => {
  const GET = "agent:get_agent_groups";

  test("gives the folders of groups with members and hashes", async () => {
    const result = await (await node()).items(GET);
    expect(result.affectedItems).toEqual([
      { name: "default", count: 2, mergedSum: hash("md5", "merged"), configSum: hash("md5", "<agent_config/>") },
      { name: "empty", count: 0 },
      { name: "web", count: 2, configSum: hash("md5", "<agent_config></agent_config>") },
    ]);
    expect(result).toMatchObject({
      totalAffectedItems: 3,
      allMessage: "All selected groups information was returned",
      someMessage: "Some groups information was not returned",
      noneMessage: "No group information was returned",
    });
  });

  test.each([
    ["sha1", "sha1"],
    ["sha512", "sha512"],
    ["blake2b", "blake2b512"],
    ["blake2s", "blake2s256"],
    ["sha3_224", "sha3-224"],
  ])("hashes with %s", async (name, algorithm) => {
    const result = await (await node()).items(GET, { group_list: ["default"], hash_algorithm: name });
    expect(membersOf(result, "mergedSum")).toEqual([hash(algorithm, "merged")]);
  });

  test("takes no other algorithm", async () => {
    await expect((await node()).items(GET, { hash_algorithm: "crc32" })).rejects.toThrow("hash_algorithm");
  });

  test("fails for groups that do not exist", async () => {
    const result = await (await node()).items(GET, { group_list: ["web", "ghost", "../default", "Default"] });
    expect(membersOf(result, "name")).toEqual(["web"]);
    expect(failuresOf(result)).toEqual([[1710, "The group does not exist", ["ghost", "../default", "Default"]]]);
  });

  test.each([
    [{ sort: { fields: ["count", "name"], order: "desc" }, limit: 2 }, ["web", "default"]],
    [{ search: { value: "EB" } }, ["web"]],
    [{ q: "count=0" }, ["empty"]],
    [{ offset: 2 }, ["web"]],
  ])("with %j gives %j", async (args, names) => {
    expect(membersOf(await (await node()).items(GET, args), "name")).toEqual(names);
  });

  test("selects members", async () => {
    const result = await (await node()).items(GET, { select: ["configSum"], group_list: ["web", "empty"] });
    expect(result.affectedItems).toEqual([
      { name: "empty" },
      { name: "web", configSum: hash("md5", "<agent_config></agent_config>") },
    ]);
    await expect((await node()).items(GET, { select: ["size"] })).rejects.toMatchObject({ code: 1724 });
  });

  test("shows only the groups that its asker may see", async () => {
    const fixture = await node(white("group:read", { "group:id:web": "allow" }));
    expect(membersOf(await fixture.items(GET), "name")).toEqual(["web"]);
    expect(failuresOf(await fixture.items(GET, { group_list: ["default"] }))).toEqual([
      [4000, "Permission denied: Resource type: group:id", ["default"]],
    ]);
  });

  test("of a node without groups are none", async () => {
    expect((await (await agentNode()).items(GET)).affectedItems).toEqual([]);
  });
});

describe("get_agents_in_group", () => {
  const GET = "agent:get_agents_in_group";

  test("gives the group's agents", async () => {
    const result = await (await node()).items(GET, { group_list: ["web"] });
    expect(membersOf(result, "id")).toEqual(["002", "003"]);
    expect(result.allMessage).toBe("All selected agents information was returned");
  });

  test.each([
    [{ filters: { status: "active" } }, ["003"]],
    [{ q: "os.platform=ubuntu" }, ["002"]],
    [{ sort: { fields: ["name"], order: "asc" }, limit: 1 }, ["003"]],
    [{ search: { value: "debian" } }, ["003"]],
  ])("with %j gives %j", async (args, ids) => {
    expect(membersOf(await (await node()).items(GET, { group_list: ["web"], ...args }), "id")).toEqual(ids);
  });

  test("of a group without agents are none", async () => {
    expect((await (await node()).items(GET, { group_list: "empty" })).affectedItems).toEqual([]);
  });

  test.each([["ghost"], [".."], ["WEB"]])("is refused for %j", async (group) => {
    await expect((await node()).items(GET, { group_list: [group] })).rejects.toMatchObject({
      code: 1710,
      errorClass: "WazuhResourceNotFound",
    });
  });

  test("is refused for a group that its asker may not see, and leaves out such agents", async () => {
    const closed = await node(black("group:read", { "group:id:web": "deny" }));
    await expect(closed.items(GET, { group_list: ["web"] })).rejects.toMatchObject({ code: 4000 });
    const half = await node(black("agent:read", { "agent:id:002": "deny" }));
    expect(membersOf(await half.items(GET, { group_list: ["web"] }), "id")).toEqual(["003"]);
  });
});

describe("get_group_files", () => {
  const GET = "agent:get_group_files";

  test("gives the folder's entries and ar.conf with their hashes", async () => {
    const result = await (await node()).items(GET, { group_list: ["default"] });
    expect(result.affectedItems).toEqual([
      { filename: "agent.conf", hash: hash("md5", "<agent_config/>") },
      { filename: "ar.conf", hash: hash("md5", TREE["etc/shared/ar.conf"]) },
      { filename: "merged.mg", hash: hash("md5", "merged") },
    ]);
    expect(result).toMatchObject({
      allMessage: "All selected groups files were returned",
      someMessage: "Some groups files were not returned",
      noneMessage: "No groups files were returned",
    });
  });

  test("has no hash for a folder", async () => {
    const result = await (await node()).items(GET, { group_list: ["empty"] });
    expect(result.affectedItems.at(-1)).toEqual({ filename: "sub", hash: null });
  });

  test.each([
    [{ sort_by: ["filename"], sort_ascending: false, limit: 1 }, ["merged.mg"]],
    [{ search_text: "conf", offset: 1 }, ["ar.conf"]],
    [{ search_text: "conf", complementary_search: true }, ["merged.mg"]],
  ])("with %j gives %j", async (args, names) => {
    expect(membersOf(await (await node()).items(GET, { group_list: ["default"], ...args }), "filename")).toEqual(names);
  });

  test("hashes with another algorithm", async () => {
    const result = await (await node()).items(GET, { group_list: ["web"], hash_algorithm: "sha256", limit: 1 });
    expect(membersOf(result, "hash")).toEqual([hash("sha256", "<agent_config></agent_config>")]);
  });

  test("fails for a group that does not exist", async () => {
    const result = await (await node()).items(GET, { group_list: ["../.."] });
    expect(result.affectedItems).toEqual([]);
    expect(failuresOf(result)).toEqual([[1710, "The group does not exist", ["../.."]]]);
  });
});
