import { describe, expect, test } from "vitest";
import { temporaryStore, waitingAgents } from "./temporaryStore.js";

const SET = "global sync-agent-info-set ";
const AGENT = { id: 1, name: "ag1", connection_status: "active" };

describe("sync-agent-info-set", () => {
  test("writes the columns of known agents and marks them as synced", () => {
    const { run, rows } = temporaryStore(waitingAgents(1));
    expect(run(SET + JSON.stringify([{ ...AGENT, os_name: "Debian", last_keepalive: 7 }]))).toBe("ok");
    const columns = "name, os_name, last_keepalive, sync_status, connection_status";
    expect(rows(`global sql select ${columns} from agent where id = 1`)).toEqual([
      { name: "ag1", os_name: "Debian", last_keepalive: 7, sync_status: "synced", connection_status: "active" },
    ]);
  });

  test("clears the columns that a row does not bring", () => {
    const { run, rows } = temporaryStore(waitingAgents(1));
    run(SET + JSON.stringify([AGENT]));
    expect(rows("global sql select ip, node_name, last_keepalive from agent where id = 1")).toEqual([{}]);
  });

  test("leaves the columns alone that do not travel", () => {
    const { run, rows } = temporaryStore([
      { id: 1, name: "old", register_ip: "any", internal_key: "secret", date_add: 5 },
    ]);
    run(SET + JSON.stringify([{ ...AGENT, register_ip: "evil", internal_key: "evil", date_add: 9, group: "evil" }]));
    expect(rows("global sql select register_ip, internal_key, date_add, `group` from agent where id = 1")).toEqual([
      { register_ip: "any", internal_key: "secret", date_add: 5, group: "default" },
    ]);
  });

  test("has no effect for agents that are not known", () => {
    const { run, rows } = temporaryStore();
    expect(run(SET + JSON.stringify([{ ...AGENT, id: 99, labels: [{ id: 99, key: "a", value: "b" }] }]))).toBe("ok");
    expect(rows("global sql select count(*) as n from agent where id = 99")).toEqual([{ n: 0 }]);
    expect(rows("global sql select count(*) as n from labels")).toEqual([{ n: 0 }]);
  });

  test("replaces the labels of an agent that brings some", () => {
    const { run, rows } = temporaryStore(waitingAgents(1, { labels: [{ key: "old", value: "1" }] }));
    run(SET + JSON.stringify([{ ...AGENT, labels: [{ id: 1, key: "new", value: "2" }] }]));
    expect(rows("global get-labels 1")).toEqual([{ id: 1, key: "new", value: "2" }]);
  });

  test("removes the labels of an agent that brings an empty list", () => {
    const { run, rows } = temporaryStore(waitingAgents(1, { labels: [{ key: "old", value: "1" }] }));
    run(SET + JSON.stringify([{ ...AGENT, labels: [] }]));
    expect(rows("global get-labels 1")).toEqual([]);
  });

  test("keeps the labels of an agent that brings no list", () => {
    const { run, rows } = temporaryStore(waitingAgents(1, { labels: [{ key: "old", value: "1" }] }));
    run(SET + JSON.stringify([AGENT]));
    expect(rows("global get-labels 1")).toHaveLength(1);
  });

  test.each([
    ["no JSON", "[{]"],
    ["an object", '{"id":1}'],
    ["a text", '"x"'],
    ["nothing", ""],
  ])("answers %s with the syntax error", (_name, text) => {
    expect(temporaryStore().run(SET + text)).toBe(`err Invalid JSON syntax, near '${text}'`);
  });

  test("repeats at most 32 characters of what it refuses", () => {
    expect(temporaryStore().run(`${SET}${"x".repeat(1000)}`)).toBe(`err Invalid JSON syntax, near '${"x".repeat(32)}'`);
  });

  test.each([
    ["no object", [1]],
    ["null", [null]],
    ["a list", [[AGENT]]],
    ["no id", [{ name: "a" }]],
    ["an id in text", [{ ...AGENT, id: "1" }]],
    ["the manager's id", [{ ...AGENT, id: 0 }]],
    ["a negative id", [{ ...AGENT, id: -1 }]],
    ["a broken id", [{ ...AGENT, id: 1.5 }]],
    ["an object for a text", [{ ...AGENT, os_name: {} }]],
    ["true for a text", [{ ...AGENT, ip: true }]],
    ["a text for a time", [{ ...AGENT, last_keepalive: "now" }]],
    ["labels that are no list", [{ ...AGENT, labels: "x" }]],
    ["a label that is no object", [{ ...AGENT, labels: [3] }]],
    ["a label without a key", [{ ...AGENT, labels: [{ id: 1, value: "x" }] }]],
    ["a label with a number", [{ ...AGENT, labels: [{ id: 1, key: "k", value: 4 }] }]],
  ])("refuses %s", (_name, list) => {
    const { run } = temporaryStore(waitingAgents(1));
    expect(run(SET + JSON.stringify(list))).toMatch(/^err Invalid JSON data, near '.{1,32}'$/);
  });

  test.each([[undefined], [2], ["1"], [0]])("refuses labels with the id %s of another agent", (id) => {
    const { run } = temporaryStore(waitingAgents(2));
    const list = [{ ...AGENT, labels: [{ ...(id === undefined ? {} : { id }), key: "k", value: "v" }] }];
    expect(run(SET + JSON.stringify(list))).toBe("err Cannot update labels due to invalid id.");
  });

  test("tells SQLite's reason for a status that the table refuses", () => {
    const { run } = temporaryStore(waitingAgents(1));
    expect(run(`${SET}[{"id":1,"name":"a","connection_status":"great"}]`)).toMatch(
      /^err Cannot execute Global database query; CHECK constraint failed/,
    );
  });

  test("writes all of a chunk or nothing", () => {
    const { run, rows } = temporaryStore(waitingAgents(2));
    run(
      `${SET}[{"id":1,"name":"changed","connection_status":"active"},{"id":2,"name":null,"connection_status":"active"}]`,
    );
    expect(rows("global sql select name from agent where id = 1")).toEqual([{ name: "agent1" }]);
  });

  test("takes hostile texts as they are", () => {
    const { run, rows } = temporaryStore(waitingAgents(2));
    const name = "x'; DROP TABLE agent; --";
    run(SET + JSON.stringify([{ ...AGENT, name, __proto__: { polluted: true } }]));
    expect(rows("global sql select name from agent where id = 1")).toEqual([{ name }]);
    expect(rows("global get-all-agents last_id 0")).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test("refuses deeply nested JSON with an answer", () => {
    expect(temporaryStore().run(SET + "[".repeat(30_000))).toMatch(/^err Invalid JSON syntax/);
  });
});
