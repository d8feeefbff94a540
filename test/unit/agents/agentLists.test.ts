import { describe, expect, test } from "vitest";
import { NOW_SECONDS, temporaryStore, waitingAgents } from "./temporaryStore.js";

describe("get-all-agents", () => {
  test("gives the ids after last_id", () => {
    expect(temporaryStore(waitingAgents(3)).run("global get-all-agents last_id 1")).toBe('ok [{"id":2},{"id":3}]');
  });

  test("pages 20,000 agents", () => {
    const { run } = temporaryStore(waitingAgents(20_000));
    const ids: number[] = [];
    let answer: string;
    let calls = 0;
    do {
      answer = run(`global get-all-agents last_id ${ids.at(-1) ?? 0}`);
      expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(65_028);
      ids.push(...(JSON.parse(answer.slice(answer.indexOf(" "))) as { id: number }[]).map(({ id }) => id));
      calls += 1;
    } while (answer.startsWith("due "));
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    expect(calls).toBeGreaterThan(1);
  });

  test.each([
    "global get-all-agents",
    "global get-all-agents ",
    "global get-all-agents 5",
    "global get-all-agents last_id x",
  ])("refuses '%s'", (command) => {
    expect(temporaryStore().run(command)).toBe("err Invalid arguments 'last_id' not found");
  });
});

describe("get-agents-by-connection-status", () => {
  test("gives the ids with that status", () => {
    const { run } = temporaryStore([...waitingAgents(2), { id: 3, name: "c", connection_status: "disconnected" }]);
    expect(run("global get-agents-by-connection-status 1 active")).toBe('ok [{"id":2}]');
    expect(run("global get-agents-by-connection-status 0 disconnected")).toBe('ok [{"id":3}]');
  });

  test("says which argument is missing", () => {
    const { run } = temporaryStore();
    expect(run("global get-agents-by-connection-status active")).toBe("err Invalid arguments 'last_id' not found");
    expect(run("global get-agents-by-connection-status 0")).toBe("err Invalid arguments 'connection_status' not found");
  });
});

describe("disconnect-agents", () => {
  test("disconnects active agents that are silent since then, and gives their ids", () => {
    const { run, rows } = temporaryStore([
      ...waitingAgents(2, { last_keepalive: 100, sync_status: "synced" }),
      { id: 3, name: "fresh", connection_status: "active", last_keepalive: 300 },
      { id: 4, name: "new", last_keepalive: 1 },
    ]);
    expect(run("global disconnect-agents 0 200 syncreq")).toBe('ok [{"id":1},{"id":2}]');
    expect(rows("global sql select id, sync_status from agent where connection_status = 'disconnected'")).toEqual([
      { id: 1, sync_status: "syncreq" },
      { id: 2, sync_status: "syncreq" },
    ]);
  });

  test.each([
    ["", "last id"],
    ["0", "keepalive"],
    ["0 5", "sync_status"],
    ["0 5 maybe", "sync_status"],
  ])("with '%s' says that %s is missing", (argument, missing) => {
    expect(temporaryStore().run(`global disconnect-agents ${argument}`)).toBe(
      `err Invalid arguments ${missing} not found`,
    );
  });
});

describe("reset-agents-connection", () => {
  test("disconnects all agents that were connected, but the manager", () => {
    const { run, rows } = temporaryStore([...waitingAgents(1, { sync_status: "synced" }), { id: 2, name: "new" }]);
    expect(run("global reset-agents-connection syncreq")).toBe("ok");
    expect(rows("global sql select id, connection_status, sync_status from agent")).toEqual([
      { id: 0, connection_status: "active", sync_status: "synced" },
      { id: 1, connection_status: "disconnected", sync_status: "syncreq" },
      { id: 2, connection_status: "never_connected", sync_status: "synced" },
    ]);
  });

  test("refuses another sync status", () => {
    expect(temporaryStore().run("global reset-agents-connection now")).toBe(
      "err Invalid DB query syntax, near 'reset-agents-connection'",
    );
  });
});

describe("get-agent-info", () => {
  test("gives the manager's first row", () => {
    expect(temporaryStore().rows("global get-agent-info 0")).toEqual([
      {
        id: 0,
        name: "localhost",
        ip: "127.0.0.1",
        register_ip: "127.0.0.1",
        node_name: "unknown",
        date_add: NOW_SECONDS,
        last_keepalive: 253_402_300_799,
        sync_status: "synced",
        connection_status: "active",
      },
    ]);
  });

  test("accepts zeros in front, and gives nothing for an unknown agent", () => {
    const { rows } = temporaryStore(waitingAgents(1));
    expect(rows("global get-agent-info 001")).toMatchObject([{ id: 1 }]);
    expect(rows("global get-agent-info 77")).toEqual([]);
  });

  test.each(["", "x", "-1", "1 2"])("refuses the id '%s'", (id) => {
    expect(temporaryStore().run(`global get-agent-info ${id}`)).toBe(
      "err Invalid DB query syntax, near 'get-agent-info'",
    );
  });
});
