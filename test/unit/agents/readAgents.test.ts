import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentItem } from "../../../src/agents/agentItem.js";
import type { AgentRow } from "../../../src/agents/AgentRow.js";
import { readAgents } from "../../../src/agents/import/readAgents.js";

const read = (list: unknown): ReturnType<typeof readAgents> => readAgents(JSON.stringify(list));

describe("a JSON list", () => {
  test("with the API's fields", () => {
    const item = {
      id: "007",
      name: "web-7",
      ip: "10.0.0.7",
      status: "active",
      os: { name: "Ubuntu", version: "20.04", major: 20, platform: "ubuntu" },
      version: "Wazuh v4.3.0",
      manager: "m",
      dateAdd: "2021-06-01T10:00:00Z",
      group: ["default", "web"],
      mergedSum: "aa",
      configSum: "bb",
      node_name: "worker1",
      lastKeepAlive: "9999-12-31T23:59:59Z",
      registerIP: "any",
      labels: { rack: "4" },
    };
    expect(read([item])).toEqual({
      problems: [],
      agents: [
        {
          id: 7,
          sync_status: "syncreq",
          name: "web-7",
          ip: "10.0.0.7",
          connection_status: "active",
          os_name: "Ubuntu",
          os_version: "20.04",
          os_major: "20",
          os_platform: "ubuntu",
          version: "Wazuh v4.3.0",
          manager_host: "m",
          date_add: 1_622_541_600,
          groups: ["default", "web"],
          merged_sum: "aa",
          config_sum: "bb",
          node_name: "worker1",
          last_keepalive: 253_402_300_799,
          register_ip: "any",
          labels: [{ key: "rack", value: "4" }],
        },
      ],
    });
  });

  test("with the table's columns", () => {
    const item = {
      id: 7,
      name: "a",
      os_name: "Debian",
      "os.arch": "x86_64",
      manager_host: null,
      date_add: 5,
      last_keepalive: null,
      connection_status: "pending",
      sync_status: "synced",
      group: "a, b",
      labels: [{ id: 7, key: "k", value: "v" }],
    };
    expect(read([item])).toEqual({
      problems: [],
      agents: [
        {
          id: 7,
          name: "a",
          os_name: "Debian",
          os_arch: "x86_64",
          manager_host: null,
          date_add: 5,
          last_keepalive: null,
          connection_status: "pending",
          sync_status: "synced",
          groups: ["a", "b"],
          labels: [{ key: "k", value: "v" }],
        },
      ],
    });
  });

  test("with fields of later releases, which are left out", () => {
    expect(read([{ id: 1, name: "a", status_code: 0, group_config_status: "synced", disconnection_time: 0 }])).toEqual({
      problems: [],
      agents: [{ id: 1, name: "a", sync_status: "syncreq" }],
    });
  });

  test("with a byte order mark, and one that is empty", () => {
    expect(readAgents("\ufeff [] ")).toEqual({ agents: [], problems: [] });
  });

  test("lists every mistake, with its place", () => {
    const { problems } = read([
      "x",
      { name: "nobody" },
      { id: "000", name: "manager" },
      { id: 3, name: "with space", status: "great", date_add: -1, nonsense: 1 },
      { id: 3, name: "again" },
      { id: 4, os: { flavour: "x" }, "os.name": 3, os_name: "twice", group: ["a/b"], labels: [{ key: "k" }] },
      { id: 5, os: "Linux", lastKeepAlive: "yesterday", sync_status: "maybe", ip: {}, version: "x\u001b[31m" },
    ]);
    expect(problems).toEqual([
      "Agent 1 of the list: expected an object.",
      'Agent 2 of the list: id: expected a number from 1 on, such as 7 or "007".',
      "Agent 3 of the list: id: 000 is the manager itself; leave it out.",
      "Agent 4 of the list: name: expected a name of 1 to 128 characters without spaces, not beginning with ! or #.",
      "Agent 4 of the list: status: expected one of pending, never_connected, active, disconnected.",
      "Agent 4 of the list: date_add: expected seconds since the epoch, or an instant such as 2021-06-01T10:00:00Z.",
      "Agent 4 of the list: 'nonsense' is no field of an agent.",
      "Agent 5 of the list: id: it is the id of agent 4 of the list, too.",
      "Agent 6 of the list: os: 'flavour' is no field of it.",
      "Agent 6 of the list: os_name: this field is given twice, under two names.",
      "Agent 6 of the list: group: expected group names of letters, digits, '.', '_' and '-', each once.",
      `Agent 6 of the list: labels: expected a list of {"key", "value"} or an object of texts, each key once.`,
      "Agent 7 of the list: os: expected an object.",
      "Agent 7 of the list: lastKeepAlive: expected seconds since the epoch, or an instant such as 2021-06-01T10:00:00Z.",
      "Agent 7 of the list: sync_status: expected one of synced, syncreq.",
      "Agent 7 of the list: ip: expected a text.",
      "Agent 7 of the list: version: expected a text without control characters.",
    ]);
  });

  test.each([
    ["{}", "The file holds no list of agents; write [ {…}, … ]."],
    ["[{]", "The file is no valid JSON: "],
  ])("'%s' is refused", (text, problem) => {
    expect(readAgents(text).problems).toEqual([expect.stringContaining(problem)]);
  });

  test.each([["x".repeat(129)], [""], ["!gone"], ["#x"], ["a\nb"], ["\ud800"], [5], [null]])(
    "the name %j is refused",
    (name) => {
      expect(read([{ id: 1, name }]).problems).toHaveLength(1);
    },
  );

  test.each([[["a", "a"]], [[""]], ["a,,b"], [[".."]], [{ a: 1 }], [5]])("the groups %j are refused", (group) => {
    expect(read([{ id: 1, name: "a", group }]).problems).toHaveLength(1);
  });

  test("names of the prototype are no fields", () => {
    expect(readAgents('[{"id":1,"name":"a","__proto__":{"x":1},"constructor":2}]').problems).toHaveLength(2);
  });

  test("any JSON is read or refused", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (list) => {
        const { agents, problems } = readAgents(JSON.stringify(list));
        expect(agents.length + problems.length).toBeGreaterThanOrEqual(list.length > 0 ? 1 : 0);
      }),
    );
  });
});

describe("a client.keys", () => {
  test("gives its agents; removed ones, comments and empty lines are skipped", () => {
    const text =
      "001 web 10.0.0.1 KEY1\n\n# comment\n002 !gone any KEY2\n003 #gone any KEY3\n!004 gone any K\n12345 db any KEY4\r\n";
    expect(readAgents(text)).toEqual({
      problems: [],
      agents: [
        { id: 1, name: "web", register_ip: "10.0.0.1", internal_key: "KEY1" },
        { id: 12_345, name: "db", register_ip: "any", internal_key: "KEY4" },
      ],
    });
  });

  test("lists every mistake by its line, and repeats no key", () => {
    const { problems } = readAgents(
      "001 web any SECRET1\n001 again any SECRET2\nSECRET3\n000 manager any SECRET4\n002 two  spaces any SECRET5",
    );
    expect(problems).toEqual([
      "Line 2: agent 001 is in line 1 already.",
      "Line 3: expected '<id> <name> <ip> <key>', separated by single spaces.",
      "Line 4: '000' is no agent id; use a number from 001 on.",
      "Line 5: expected '<id> <name> <ip> <key>', separated by single spaces.",
    ]);
  });

  test("that is empty holds nobody", () => {
    expect(readAgents("")).toEqual({ agents: [], problems: [] });
  });
});

describe("an API item", () => {
  const row: AgentRow = {
    id: 7,
    name: "a",
    register_ip: "any",
    os_name: "Debian",
    date_add: 0,
    last_keepalive: 253_402_300_799,
    group: "x,y",
    connection_status: "active",
    sync_status: "synced",
  };

  test("has the API's fields, and none for NULL columns", () => {
    expect(agentItem(row)).toEqual({
      id: "007",
      name: "a",
      ip: "any",
      status: "active",
      os: { name: "Debian" },
      dateAdd: "1970-01-01T00:00:00Z",
      group: ["x", "y"],
      lastKeepAlive: "9999-12-31T23:59:59Z",
      registerIP: "any",
      sync_status: "synced",
    });
  });

  test("is read back as the same agent", () => {
    expect(read([agentItem(row)])).toEqual({
      problems: [],
      agents: [
        {
          id: 7,
          name: "a",
          ip: "any",
          register_ip: "any",
          os_name: "Debian",
          date_add: 0,
          last_keepalive: 253_402_300_799,
          groups: ["x", "y"],
          connection_status: "active",
          sync_status: "synced",
        },
      ],
    });
  });
});
