import { describe, expect, test } from "vitest";
import { NOW_SECONDS, temporaryStore, waitingAgents } from "./temporaryStore.js";

describe("registering an agent", () => {
  test("insert-agent writes a row with the table's defaults", () => {
    const { run, rows } = temporaryStore();
    expect(run('global insert-agent {"id":7,"name":"new","register_ip":"any","internal_key":"k"}')).toBe("ok");
    expect(rows("global get-agent-info 7")).toEqual([
      {
        id: 7,
        name: "new",
        register_ip: "any",
        internal_key: "k",
        node_name: "unknown",
        date_add: NOW_SECONDS,
        group: "default",
        sync_status: "synced",
        connection_status: "never_connected",
      },
    ]);
  });

  test("insert-agent accepts an id in text and a date", () => {
    const { run, rows } = temporaryStore();
    run('global insert-agent {"id":"007","name":"new","date_add":55,"group":"a,b"}');
    expect(rows("global sql select id, date_add, `group` from agent where id = 7")).toEqual([
      { id: 7, date_add: 55, group: "a,b" },
    ]);
  });

  test("insert-agent refuses an id that is taken", () => {
    const { run } = temporaryStore(waitingAgents(1));
    expect(run('global insert-agent {"id":1,"name":"x"}')).toBe(
      "err Cannot execute Global database query; UNIQUE constraint failed: agent.id",
    );
  });

  test.each([
    "insert-agent",
    "update-agent-name",
    "update-agent-data",
    "update-keepalive",
    "update-connection-status",
    "find-agent",
  ])("%s tells bad JSON from missing data", (command) => {
    const { run } = temporaryStore();
    expect(run(`global ${command} {"id"`)).toBe(`err Invalid JSON syntax, near '{"id"'`);
    expect(run(`global ${command} [1]`)).toBe("err Invalid JSON syntax, near '[1]'");
    expect(run(`global ${command} {"x":1}`)).toBe(`err Invalid JSON data, near '{"x":1}'`);
    expect(run(`global ${command}`)).toBe("err Invalid JSON syntax, near ''");
  });
});

describe("what an agent tells", () => {
  test("update-agent-data writes its columns and labels, and counts as a keepalive", () => {
    const { run, rows } = temporaryStore([{ id: 1, name: "a", labels: [{ key: "old", value: "1" }] }]);
    const data = {
      id: 1,
      os_name: "Debian",
      os_major: "12",
      agent_ip: "10.0.0.9",
      node_name: "w",
      connection_status: "active",
      sync_status: "syncreq",
      labels: '"k":v\nbroken\nurl:http://x',
    };
    expect(run(`global update-agent-data ${JSON.stringify(data)}`)).toBe("ok");
    expect(
      rows(
        "global sql select os_name, os_major, ip, node_name, last_keepalive, connection_status, sync_status from agent where id = 1",
      ),
    ).toEqual([
      {
        os_name: "Debian",
        os_major: "12",
        ip: "10.0.0.9",
        node_name: "w",
        last_keepalive: NOW_SECONDS,
        connection_status: "active",
        sync_status: "syncreq",
      },
    ]);
    expect(rows("global get-labels 1")).toEqual([
      { id: 1, key: '"k"', value: "v" },
      { id: 1, key: "url", value: "http://x" },
    ]);
  });

  test("update-keepalive", () => {
    const { run, rows } = temporaryStore([{ id: 1, name: "a" }]);
    expect(run('global update-keepalive {"id":1,"connection_status":"active","sync_status":"syncreq"}')).toBe("ok");
    expect(rows("global sql select last_keepalive, connection_status from agent where id = 1")).toEqual([
      { last_keepalive: NOW_SECONDS, connection_status: "active" },
    ]);
  });

  test("update-connection-status", () => {
    const { run, rows } = temporaryStore(waitingAgents(1));
    expect(
      run('global update-connection-status {"id":1,"connection_status":"disconnected","sync_status":"synced"}'),
    ).toBe("ok");
    expect(rows("global sql select connection_status, sync_status from agent where id = 1")).toEqual([
      { connection_status: "disconnected", sync_status: "synced" },
    ]);
  });

  test("update-agent-name", () => {
    const { run, rows } = temporaryStore(waitingAgents(1));
    expect(run('global update-agent-name {"id":1,"name":"it\'s"}')).toBe("ok");
    expect(rows("global select-agent-name 1")).toEqual([{ name: "it's" }]);
  });

  test("a status that the table refuses changes nothing", () => {
    const { run, rows } = temporaryStore([{ id: 1, name: "a" }]);
    expect(run('global update-keepalive {"id":1,"connection_status":"great","sync_status":"synced"}')).toMatch(
      /^err Cannot execute/,
    );
    expect(rows("global sql select last_keepalive from agent where id = 1")).toEqual([{}]);
  });
});

describe("questions and removals", () => {
  test("find-agent by name and registered address", () => {
    const { run } = temporaryStore([
      { id: 1, name: "a", register_ip: "10.0.0.0/24" },
      { id: 2, name: "a", register_ip: "any" },
    ]);
    expect(run('global find-agent {"name":"a","ip":"any"}')).toBe('ok [{"id":2}]');
    expect(run('global find-agent {"name":"a","ip":"10.0.0.0"}')).toBe('ok [{"id":1}]');
    expect(run('global find-agent {"name":"b","ip":"any"}')).toBe("ok []");
  });

  test("select-agent-group", () => {
    expect(temporaryStore([{ id: 1, name: "a", groups: ["x", "y"] }]).run("global select-agent-group 1")).toBe(
      'ok [{"group":"x,y"}]',
    );
  });

  test("delete-agent", () => {
    const { run, rows } = temporaryStore(waitingAgents(2));
    expect(run("global delete-agent 1")).toBe("ok");
    expect(rows("global get-all-agents last_id 0")).toEqual([{ id: 2 }]);
  });

  test("set-labels replaces, and without lines removes", () => {
    const { run, rows } = temporaryStore(waitingAgents(1, { labels: [{ key: "old", value: "1" }] }));
    expect(run("global set-labels 1 a:1\nb:2 with spaces")).toBe("ok");
    expect(rows("global get-labels 1")).toEqual([
      { id: 1, key: "a", value: "1" },
      { id: 1, key: "b", value: "2 with spaces" },
    ]);
    expect(run("global set-labels 1")).toBe("ok");
    expect(rows("global get-labels 1")).toEqual([]);
  });

  test.each(["delete-agent", "select-agent-name", "select-agent-group", "get-labels", "set-labels"])(
    "%s refuses what is no id",
    (command) => {
      expect(temporaryStore().run(`global ${command} one`)).toBe(`err Invalid DB query syntax, near '${command}'`);
    },
  );
});
