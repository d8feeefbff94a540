import { describe, expect, test } from "vitest";
import { temporaryStore, waitingAgents } from "./temporaryStore.js";

describe("global sql", () => {
  test("gives rows without their NULL columns", () => {
    const { run } = temporaryStore();
    expect(run("global sql select id, name, os_name from agent")).toBe('ok [{"id":0,"name":"localhost"}]');
  });

  test("updates, and answers an empty list", () => {
    const { run, rows } = temporaryStore(waitingAgents(2));
    expect(run("global sql update agent set name = 'x' where id = 2")).toBe("ok []");
    expect(rows("global sql select name from agent where id = 2")).toEqual([{ name: "x" }]);
  });

  test("deletes", () => {
    const { run, rows } = temporaryStore(waitingAgents(2));
    expect(run("global sql delete from agent where id = 2")).toBe("ok []");
    expect(rows("global get-all-agents last_id 0")).toEqual([{ id: 1 }]);
  });

  test.each([
    "insert into agent (id, name, date_add) values (5, 'a', 0)",
    "drop table agent",
    "pragma journal_mode = delete",
    "attach database '/tmp/x' as y",
    "with x as (select 1) select * from x",
    "vacuum",
    "-- \n drop table agent",
    "selection from agent",
  ])("refuses '%s'", (statement) => {
    expect(temporaryStore().run(`global sql ${statement}`)).toMatch(
      /^err Cannot execute Global database query; only select/,
    );
  });

  test("refuses a second statement", () => {
    const { run, rows } = temporaryStore(waitingAgents(1));
    expect(run("global sql select 1; delete from agent")).toMatch(
      /^err Cannot execute Global database query; found a not valid symbol: ;/,
    );
    expect(rows("global sql select count(*) as n from agent")).toEqual([{ n: 2 }]);
  });

  test("tells SQLite's reason", () => {
    expect(temporaryStore().run("global sql select unheard from agent")).toBe(
      "err Cannot execute Global database query; no such column: unheard",
    );
  });

  test.each(["global sql", "global sql ", "global sql   "])("answers '%s' with the syntax error", (command) => {
    expect(temporaryStore().run(command)).toBe("err Invalid DB query syntax, near 'sql'");
  });

  test("cuts off an answer that is too long at exactly the buffer's size", () => {
    const { run } = temporaryStore(waitingAgents(1000, { os_uname: "x".repeat(200) }));
    expect(Buffer.byteLength(run("global sql select * from agent"))).toBe(65_536);
  });

  test.each([0, 1, 2])("cuts between characters of several bytes (shift %i)", (shift) => {
    const { run } = temporaryStore(waitingAgents(1, { os_uname: `${"a".repeat(shift)}${"€".repeat(30_000)}` }));
    const answer = run("global sql select os_uname from agent where id = 1");
    expect(Buffer.byteLength(answer)).toBe(65_536);
    expect(answer).not.toContain("\ufffd");
  });

  test("reads blobs as text, and large and broken numbers as numbers", () => {
    const { rows } = temporaryStore();
    expect(rows("global sql select cast('é' as blob) as b, 253402300799 as t, 1.5 as r, null as n")).toEqual([
      { b: "é", t: 253_402_300_799, r: 1.5 },
    ]);
  });
});
