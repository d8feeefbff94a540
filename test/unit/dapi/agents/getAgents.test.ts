import { describe, expect, test } from "vitest";
import { failuresOf, membersOf } from "../nodeFixture.js";
import { agentNode, black, white } from "./agentNode.js";
import { AGENTS, NOW } from "./agents.js";

const GET = "agent:get_agents";
const node = (permissions: Readonly<Record<string, unknown>> = {}) =>
  agentNode({ agents: AGENTS, request: { rbacPermissions: permissions } });

/** Asks one node once for each wish, and expects the ids that stand behind it. */
async function expectIds<Wish>(
  argsOf: (wish: Wish) => Readonly<Record<string, unknown>>,
  table: readonly (readonly [Wish, readonly string[]])[],
): Promise<void> {
  const fixture = await node();
  for (const [wish, ids] of table) {
    expect(membersOf(await fixture.items(GET, argsOf(wish)), "id"), JSON.stringify(wish)).toEqual(ids);
  }
}

describe("get_agents", () => {
  test("gives all fields that an agent has, and never its key", async () => {
    const result = await (await node()).items(GET, { agent_list: ["001"] });
    expect(result.affectedItems).toEqual([
      {
        os: { name: "Ubuntu", version: "20.04", major: "20", minor: "04", platform: "ubuntu" },
        id: "001",
        name: "web01",
        ip: "10.0.0.1",
        registerIP: "any",
        status: "active",
        version: "Wazuh v4.3.0",
        dateAdd: new Date((NOW - 40 * 3600) * 1000),
        group: ["default"],
        mergedSum: "d41d8cd98f00b204e9800998ecf8427e",
        node_name: "worker1",
        lastKeepAlive: new Date((NOW - 60) * 1000),
      },
    ]);
    expect(result).toMatchObject({ totalAffectedItems: 1, failedItems: [], sortFields: null, sortCasting: ["int"] });
  });

  test("gives the manager, too, and all agents by their ids", async () => {
    const result = await (await node()).items(GET);
    expect(membersOf(result, "id")).toEqual(["000", "001", "002", "003", "010"]);
    expect(result).toMatchObject({
      totalAffectedItems: 5,
      allMessage: "All selected agents information was returned",
      someMessage: "Some agents information was not returned",
      noneMessage: "No agent information was returned",
    });
  });

  test("with filters gives the agents that fulfil them", async () => {
    await expectIds(
      (filters) => ({ filters }),
      [
        [{ status: ["active"] }, ["000", "001", "003"]],
        [{ status: "Active" }, ["000", "001", "003"]],
        [{ status: ["disconnected", "never_connected"] }, ["002", "010"]],
        [{ status: "disconnected,never_connected", node_name: "all" }, ["002", "010"]],
        [{ status: "all", node_name: "worker1,unknown" }, ["000", "001", "003", "010"]],
        [{ node_name: "worker9" }, []],
        [{ group: "web" }, ["002", "003"]],
        [{ group: "we" }, []],
        [{ group: "null" }, ["000", "010"]],
        [{ version: "Wazuhv4.1.5" }, ["003"]],
        [{ "os.name": "UBUNTU", "os.version": "20.04" }, ["001"]],
        [{ "os.platform": ["ubuntu", "debian"] }, ["001", "002", "003"]],
        [{ ip: "10.0.1.10" }, ["010"]],
        [{ name: "web02" }, ["002"]],
        [{ older_than: "1h" }, ["002", "010"]],
        [{ older_than: "3h" }, ["010"]],
        [{ older_than: "0s", status: "active" }, ["001", "003"]],
        [{ name: "a'b\" OR 1=1 --" }, []],
        [{ name: null }, ["000", "001", "002", "003", "010"]],
      ],
    );
  });

  test("with a query gives the agents that fulfil it", async () => {
    await expectIds(
      (q) => ({ q }),
      [
        ["id!=000;group=null", ["010"]],
        ["id=1", ["001"]],
        ["id>2;id<10", ["003"]],
        ["id~01", ["001", "010"]],
        ["id!=x;name=web01", ["001"]],
        ["name~db_", ["003"]],
        ["name~WEB,os.name~debian", ["001", "002", "003"]],
        ["(name~web,name~db);status=active", ["001", "003"]],
        ["os.major>9;os.minor!=0", ["001"]],
        ["os.name!=Ubuntu", ["003"]],
        ["os.name!=null;id!=1", ["002", "003"]],
        ["group!=default", ["000", "003", "010"]],
        ["group~we", ["002", "003"]],
        ["lastKeepAlive<1h;id!=0", ["001", "003"]],
        ["lastKeepAlive>1h", ["002"]],
        ["dateAdd<2025-12-31", ["001", "002"]],
        ["dateAdd>2025-12-31 10:00:00;id>0", ["010"]],
        ["dateAdd~2025-12-30", ["001", "002"]],
        ["status=all;name=dbx1", ["010"]],
      ],
    );
  });

  test("with a search gives the agents that hold the text", async () => {
    await expectIds(
      (search) => ({ search }),
      [
        [{ value: "10.0.1", negation: false }, ["003", "010"]],
        [{ value: "UBUNTU", negation: true }, ["000", "003", "010"]],
        [{ value: "b_1", negation: false }, ["003"]],
        [{ value: "%", negation: false }, []],
        [{ value: "k3y-of", negation: false }, []],
        [{ value: "\\", negation: false }, []],
      ],
    );
  });

  test("with sort gives the agents in that order", async () => {
    await expectIds(
      (sort) => ({ sort }),
      [
        [{ fields: ["name"], order: "asc" }, ["003", "010", "000", "001", "002"]],
        [{ fields: ["dateAdd"], order: "desc" }, ["000", "010", "003", "002", "001"]],
        [{ fields: ["os.version"], order: "desc" }, ["001", "003", "002", "000", "010"]],
        [{ fields: ["status", "name"], order: "asc" }, ["003", "000", "001", "002", "010"]],
        [{ order: "desc" }, ["010", "003", "002", "001", "000"]],
      ],
    );
  });

  test("cuts, and tells how many there are", async () => {
    const fixture = await node();
    const result = await fixture.items(GET, { offset: 1, limit: 2 });
    expect([membersOf(result, "id"), result.totalAffectedItems]).toEqual([["001", "002"], 5]);
    const rest = await fixture.items(GET, { offset: 3, limit: null });
    expect([membersOf(rest, "id"), rest.totalAffectedItems]).toEqual([["003", "010"], 5]);
  });

  test("leaves the cutting to the store", async () => {
    const fixture = await node();
    await fixture.items(GET, { offset: 1, limit: 2, filters: { status: "active" } });
    expect(fixture.commands).toHaveLength(2);
    expect(fixture.commands[0]).toContain("select count(*) from agent");
    expect(fixture.commands[1]).toMatch(/limit 2 offset 1$/);
  });

  test("selects fields, the id always, and `os` whole", async () => {
    const fixture = await node();
    const one = await fixture.items(GET, { agent_list: ["001"], select: ["os.name", "name"] });
    expect(one.affectedItems).toEqual([{ id: "001", name: "web01", os: { name: "Ubuntu" } }]);
    const whole = await fixture.items(GET, { agent_list: ["003"], select: ["os"] });
    expect(whole.affectedItems).toEqual([
      { id: "003", os: { name: "Debian GNU/Linux", version: "11", major: "11", minor: "0", platform: "debian" } },
    ]);
  });

  test("refuses what it can't give", async () => {
    const fixture = await node();
    const refusals: readonly (readonly [Readonly<Record<string, unknown>>, number])[] = [
      [{ select: ["nonsense"] }, 1724],
      [{ select: ["internal_key"] }, 1724],
      [{ sort: { fields: ["internal_key"] } }, 1403],
      [{ sort: { fields: ["count"] } }, 1403],
      [{ q: "internal_key~a" }, 1408],
      [{ filters: { internal_key: "k3y-of-web01" } }, 1408],
      [{ q: "name=" }, 1407],
      [{ q: "name>=a" }, 1409],
      [{ filters: { older_than: "a while" } }, 1412],
      [{ q: "dateAdd<yesterday" }, 1412],
      [{ offset: -1 }, 1400],
      [{ limit: -1 }, 1401],
      [{ limit: 0 }, 1406],
      [{ limit: 100_001 }, 1405],
    ];
    for (const [args, code] of refusals) {
      await expect(fixture.items(GET, args), JSON.stringify(args)).rejects.toMatchObject({
        code,
        errorClass: "WazuhError",
      });
    }
  });

  test("fails for agents that do not exist, and gives the others", async () => {
    const result = await (await node()).items(GET, { agent_list: ["3", "099", "abc", "001"], limit: 1 });
    expect(membersOf(result, "id")).toEqual(["001"]);
    expect(result.totalAffectedItems).toBe(2);
    expect(failuresOf(result)).toEqual([[1701, "Agent does not exist", ["abc", "099"]]]);
  });

  test("takes many ids at once", async () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(3, "0"));
    const result = await (await node()).items(GET, { agent_list: ids, select: ["id"] });
    expect(membersOf(result, "id")).toEqual(["000", "001", "002", "003", "010"]);
    expect(result.failedItems[0]?.ids).toHaveLength(100_000 - 5);
  });
});

describe("get_agents, asked by someone who may not see all", () => {
  const READ = "agent:read";
  test.each([
    [white(READ, {}), []],
    [white(READ, { "agent:id:*": "allow" }), ["000", "001", "002", "003", "010"]],
    [white(READ, { "*:*:*": "allow", "agent:id:000": "deny" }), ["001", "002", "003", "010"]],
    [white(READ, { "agent:id:003": "allow", "agent:group:default": "allow" }), ["001", "002", "003"]],
    [white(READ, { "agent:group:web": "allow", "agent:id:002": "deny" }), ["003"]],
    [white(READ, { "agent:group:web": "allow", "agent:group:default": "deny" }), ["003"]],
    [white("agent:delete", { "agent:id:*": "allow" }), []],
    [black(READ, {}), ["000", "001", "002", "003", "010"]],
    [black(READ, { "agent:id:001": "deny", "agent:group:web": "deny" }), ["000", "010"]],
    [black(READ, { "agent:group:web": "deny", "agent:id:003": "allow" }), ["000", "001", "003", "010"]],
    [black(READ, { "agent:id:*": "deny", "agent:group:web": "allow" }), ["002", "003"]],
    [black(READ, { "agent:id:001&group:id:web": "deny" }), ["000", "002", "003", "010"]],
  ])("%j gives %j", async (permissions, ids) => {
    const result = await (await node(permissions)).items(GET);
    expect(membersOf(result, "id")).toEqual(ids);
    expect([result.totalAffectedItems, result.failedItems]).toEqual([ids.length, []]);
  });

  test("says which of the named agents are denied, and which do not exist", async () => {
    const fixture = await node(black(READ, { "agent:group:web": "deny" }));
    const result = await fixture.items(GET, { agent_list: ["001", "002", "003", "004"] });
    expect(membersOf(result, "id")).toEqual(["001"]);
    expect(failuresOf(result)).toEqual([
      [1701, "Agent does not exist", ["004"]],
      [4000, "Permission denied: Resource type: agent:id", ["002", "003"]],
    ]);
  });

  test("counts and sums up only the agents that may be seen", async () => {
    const fixture = await node(white(READ, { "agent:group:web": "allow" }));
    expect(await fixture.plain("agent:get_agents_summary_status")).toMatchObject({
      data: { active: 1, disconnected: 1, total: 2 },
    });
    expect((await fixture.items("agent:get_agents_summary_os")).affectedItems).toEqual(["debian", "ubuntu"]);
  });
});
