import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { failuresOf } from "../nodeFixture.js";
import { agentNode } from "./agentNode.js";

const SYNC = "agent:get_agents_sync_group";
const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex");
const agent = (id: number, groups: readonly string[], merged_sum?: string) => ({
  id,
  name: `a${id}`,
  groups,
  ...(merged_sum === undefined ? {} : { merged_sum }),
});

const AGENTS = [
  agent(1, ["default"], hash("md5", "one")),
  agent(2, ["default"], hash("md5", "old")),
  agent(3, ["default", "web"], hash("md5", "both")),
  agent(4, ["gone"], hash("md5", "")),
  agent(5, [], hash("md5", "one")),
  agent(6, ["default"]),
];
const TREE = {
  "etc/shared/default/merged.mg": "one",
  [`var/multigroups/${hash("sha256", "default,web").slice(0, 8)}/merged.mg`]: "both",
};

test("an agent is synced when it has its groups' merged file", async () => {
  const result = await (await agentNode({ agents: AGENTS, tree: TREE })).items(SYNC);
  expect(result.affectedItems).toEqual([
    { id: "001", synced: true },
    { id: "002", synced: false },
    { id: "003", synced: true },
    { id: "004", synced: false },
    { id: "005", synced: false },
    { id: "006", synced: false },
  ]);
  expect(result).toMatchObject({
    totalAffectedItems: 6,
    allMessage: "Sync info was returned for all selected agents",
    someMessage: "Sync info was not returned for some selected agents",
    noneMessage: "No sync info was returned",
  });
});

test("the manager and unknown agents fail", async () => {
  const result = await (
    await agentNode({ agents: AGENTS, tree: TREE })
  ).items(SYNC, { agent_list: ["000", "1", "77"] });
  expect(result.affectedItems).toEqual([{ id: "001", synced: true }]);
  expect(failuresOf(result)).toEqual([
    [1701, "Agent does not exist", ["077"]],
    [1703, "Action not available for Manager (agent 000)", ["000"]],
  ]);
});

test("a group's name leads nowhere else", async () => {
  const tree = { ...TREE, "etc/ossec/merged.mg": "one" };
  const agents = [agent(1, ["../ossec"], hash("md5", "one"))];
  expect((await (await agentNode({ agents, tree })).items(SYNC)).affectedItems).toEqual([{ id: "001", synced: false }]);
});
