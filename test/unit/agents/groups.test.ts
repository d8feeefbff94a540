import { describe, expect, test } from "vitest";
import { temporaryStore } from "./temporaryStore.js";

describe("groups", () => {
  test("insert-agent-group makes a group once", () => {
    const { run } = temporaryStore();
    expect(run("global insert-agent-group web")).toBe("ok");
    expect(run("global insert-agent-group web")).toBe("ok");
    expect(run("global insert-agent-group db")).toBe("ok");
    expect(run("global select-groups")).toBe('ok [{"name":"web"},{"name":"db"}]');
    expect(run("global find-group db")).toBe('ok [{"id":2}]');
  });

  test("memberships come and go", () => {
    const { run, rows } = temporaryStore();
    run("global insert-agent-group web");
    for (const agent of [1, 1, 2])
      expect(run(`global insert-agent-belong {"id_group":1,"id_agent":${agent}}`)).toBe("ok");
    expect(rows("global sql select id_agent from belongs order by id_agent")).toEqual([
      { id_agent: 1 },
      { id_agent: 2 },
    ]);
    expect(run("global delete-agent-belong 1")).toBe("ok");
    expect(rows("global sql select id_agent from belongs")).toEqual([{ id_agent: 2 }]);
    expect(run("global delete-group-belong web")).toBe("ok");
    expect(rows("global sql select id_agent from belongs")).toEqual([]);
  });

  test("delete-group", () => {
    const { run } = temporaryStore();
    run("global insert-agent-group web");
    expect(run("global delete-group web")).toBe("ok");
    expect(run("global select-groups")).toBe("ok []");
  });

  test("update-agent-group sets and clears the text in the agent's row", () => {
    const { run } = temporaryStore([{ id: 1, name: "a" }]);
    expect(run('global update-agent-group {"id":1,"group":"x,y"}')).toBe("ok");
    expect(run("global select-agent-group 1")).toBe('ok [{"group":"x,y"}]');
    expect(run('global update-agent-group {"id":1}')).toBe("ok");
    expect(run("global select-agent-group 1")).toBe("ok [{}]");
  });

  test.each(["find-group", "insert-agent-group", "delete-group", "delete-group-belong"])(
    "%s needs a name",
    (command) => {
      expect(temporaryStore().run(`global ${command} `)).toBe(`err Invalid DB query syntax, near '${command}'`);
    },
  );

  test("delete-agent-belong needs an id", () => {
    expect(temporaryStore().run("global delete-agent-belong x")).toBe(
      "err Invalid DB query syntax, near 'delete-agent-belong'",
    );
  });
});
