import { describe, expect, test } from "vitest";
import { NOW_SECONDS, temporaryStore } from "./temporaryStore.js";

describe("importing agents", () => {
  test("counts new and updated ones", () => {
    const { store } = temporaryStore();
    expect(
      store.importAgents([
        { id: 1, name: "a" },
        { id: 2, name: "b" },
      ]),
    ).toEqual({ created: 2, updated: 0 });
    expect(
      store.importAgents([
        { id: 2, ip: "any" },
        { id: 3, name: "c" },
      ]),
    ).toEqual({ created: 1, updated: 1 });
  });

  test("gives a new agent the table's defaults", () => {
    const { store, rows } = temporaryStore();
    store.importAgents([{ id: 1, name: "a" }]);
    expect(rows("global get-agent-info 1")).toEqual([
      {
        id: 1,
        name: "a",
        node_name: "unknown",
        date_add: NOW_SECONDS,
        group: "default",
        sync_status: "synced",
        connection_status: "never_connected",
      },
    ]);
  });

  test("keeps what an agent does not say, and clears what is null", () => {
    const { store, rows } = temporaryStore([{ id: 1, name: "a", ip: "10.0.0.1", version: "v1" }]);
    store.importAgents([{ id: 1, version: null }]);
    expect(rows("global sql select name, ip, version from agent where id = 1")).toEqual([
      { name: "a", ip: "10.0.0.1" },
    ]);
  });

  test("writes groups in the row, as groups and as memberships", () => {
    const { store, rows } = temporaryStore([{ id: 1, name: "a", groups: ["x", "y"] }]);
    store.importAgents([{ id: 1, groups: ["y", "z"] }]);
    expect(rows("global select-agent-group 1")).toEqual([{ group: "y,z" }]);
    const memberships =
      "global sql select g.name as name from belongs b join `group` g on g.id = b.id_group where b.id_agent = 1 order by g.name";
    expect(rows(memberships)).toEqual([{ name: "y" }, { name: "z" }]);
    expect(rows("global select-groups")).toEqual([{ name: "x" }, { name: "y" }, { name: "z" }]);
  });

  test("an empty list of groups removes them", () => {
    const { store, rows } = temporaryStore([{ id: 1, name: "a", groups: ["x"] }]);
    store.importAgents([{ id: 1, groups: [] }]);
    expect(rows("global select-agent-group 1")).toEqual([{}]);
    expect(rows("global sql select * from belongs")).toEqual([]);
  });

  test("replaces labels only when there is a list of them", () => {
    const { store, rows } = temporaryStore([{ id: 1, name: "a", labels: [{ key: "k", value: "v" }] }]);
    store.importAgents([{ id: 1, ip: "any" }]);
    expect(rows("global get-labels 1")).toHaveLength(1);
    store.importAgents([{ id: 1, labels: [] }]);
    expect(rows("global get-labels 1")).toEqual([]);
  });

  test("names all new agents without a name, and imports nothing then", () => {
    const { store, rows } = temporaryStore([{ id: 1, name: "a" }]);
    expect(() => store.importAgents([{ id: 1, name: "changed" }, { id: 5 }, { id: 16 }])).toThrow(
      "these agents are new and need a name: 005, 016",
    );
    expect(rows("global sql select id, name from agent where id > 0")).toEqual([{ id: 1, name: "a" }]);
  });

  test("imports nothing when one agent is refused by the table", () => {
    const { store, rows } = temporaryStore();
    const bad = { id: 2, name: "b", connection_status: "great" } as unknown as { id: number };
    expect(() => store.importAgents([{ id: 1, name: "a" }, bad])).toThrow(/CHECK constraint failed/);
    expect(rows("global get-all-agents last_id 0")).toEqual([]);
  });
});
