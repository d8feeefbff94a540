import { describe, expect, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { WdbAgentStore } from "../../../src/agents/WdbAgentStore.js";
import { ManualClock } from "../../support/manualClock.js";
import { settled } from "./fakeWdb.js";
import { inProcessTransport } from "./inProcessTransport.js";
import { temporaryStore, waitingAgents } from "./temporaryStore.js";

function storeOver(run: (command: string) => string | Promise<string>): {
  store: WdbAgentStore;
  commands: string[];
  clock: ManualClock;
} {
  const transport = inProcessTransport(run);
  const clock = new ManualClock();
  return {
    store: new WdbAgentStore({ transport, clock, settings: DEFAULT_AGENT_STORE_SETTINGS }),
    commands: transport.commands,
    clock,
  };
}

describe("a worker's chunks", () => {
  test("are all payloads that hold something", async () => {
    const embedded = temporaryStore(waitingAgents(1000));
    const { store, commands } = storeOver(embedded.run);
    const chunks = await store.agentInfoChunks();
    expect(chunks.flatMap((chunk) => JSON.parse(chunk) as unknown[]).length).toBe(1000);
    expect(chunks.length).toBe(commands.length);
    expect(new Set(commands)).toEqual(new Set(["global sync-agent-info-get "]));
  });

  test("are none when no agent waits", async () => {
    expect(await storeOver(temporaryStore().run).store.agentInfoChunks()).toEqual([]);
  });

  test("that were handed out before a failure are marked anew", async () => {
    const embedded = temporaryStore(waitingAgents(1000));
    let calls = 0;
    const { store } = storeOver((command) =>
      command.includes("sync-agent-info-get") && (calls += 1) === 2
        ? "err Cannot begin transaction"
        : embedded.run(command),
    );
    await expect(store.agentInfoChunks()).rejects.toMatchObject({
      code: 2003,
      extraMessage: "Cannot begin transaction",
    });
    expect(embedded.rows("global sql select count(*) as n from agent where sync_status = 'syncreq'")).toEqual([
      { n: 1000 },
    ]);
  });

  test("that nobody waits for any more are marked anew", async () => {
    const embedded = temporaryStore(waitingAgents(3));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { store } = storeOver(async (command) => {
      const answer = embedded.run(command);
      if (command.includes("sync-agent-info-get")) await gate;
      return answer;
    });
    const controller = new AbortController();
    const chunks = store.agentInfoChunks({ signal: controller.signal });
    await settled();
    expect(embedded.rows("global sql select count(*) as n from agent where sync_status = 'syncreq'")).toEqual([
      { n: 0 },
    ]);
    controller.abort(new Error("connection lost"));
    await expect(chunks).rejects.toThrow("connection lost");
    release();
    await settled();
    expect(embedded.rows("global sql select count(*) as n from agent where sync_status = 'syncreq'")).toEqual([
      { n: 3 },
    ]);
  });

  test("that did not reach the master are marked with requeueAgentInfo, in batches", async () => {
    const embedded = temporaryStore(waitingAgents(1200));
    const { store, commands } = storeOver(embedded.run);
    const chunks = await store.agentInfoChunks();
    commands.length = 0;
    expect(await store.requeueAgentInfo([...chunks, "no JSON", "{}", '[{"id":"1; drop"},{"id":-1},null]'])).toBe(1200);
    expect(commands.length).toBe(3);
    expect(await store.agentInfoChunks()).toEqual(chunks);
  });
});

describe("storing a chunk", () => {
  test("sends it behind the one allowed command", async () => {
    const { store, commands } = storeOver(() => "ok");
    await store.storeAgentInfo('[{"id":1}]');
    expect(commands).toEqual(['global sync-agent-info-set [{"id":1}]']);
  });

  test("tells the store's error in the form that peers read", async () => {
    const { store } = storeOver(temporaryStore().run);
    await expect(store.storeAgentInfo("{").catch(String)).resolves.toBe(
      "Error 2003 - Error in wazuhdb request: Invalid JSON syntax, near '{'",
    );
  });

  test("refuses a chunk that the store would not read, without sending it", async () => {
    const { store, commands } = storeOver(() => "ok");
    await expect(store.storeAgentInfo("x".repeat(65_536))).rejects.toMatchObject({
      code: 2003,
      extraMessage: expect.stringContaining("at most 65536"),
    });
    expect(commands).toEqual([]);
  });
});

describe("memberships of removed agents", () => {
  test("go in batches of 500, and no others", async () => {
    const embedded = temporaryStore([
      { id: 1200, name: "stays", groups: ["g"] },
      ...waitingAgents(1001, { groups: ["g"] }),
    ]);
    const { store, commands } = storeOver(embedded.run);
    await store.deleteBelongs(Array.from({ length: 1001 }, (_, index) => String(index + 1).padStart(3, "0")));
    expect(commands.length).toBe(3);
    expect(embedded.rows("global sql select id_agent from belongs")).toEqual([{ id_agent: 1200 }]);
  });

  test("of nobody is no request", async () => {
    const { store, commands } = storeOver(() => "ok []");
    await store.deleteBelongs([]);
    expect(commands).toEqual([]);
  });

  test.each(["000", "1 or 1=1", "", "-1", "99999999999"])("of '%s' is refused before anything is sent", async (id) => {
    const { store, commands } = storeOver(() => "ok []");
    await expect(store.deleteBelongs(["001", id])).rejects.toMatchObject({ code: 2004 });
    expect(commands).toEqual([]);
  });
});

describe("questions", () => {
  test("knownAgentIds pages over 20,000 agents", async () => {
    const { store } = storeOver(temporaryStore(waitingAgents(20_000)).run);
    const ids = await store.knownAgentIds();
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([20_000, "001", "20000"]);
  });

  test("knownAgentIds refuses rows without an id", async () => {
    await expect(storeOver(() => 'ok [{"name":"x"}]').store.knownAgentIds()).rejects.toMatchObject({ code: 2006 });
  });

  test("countActiveAgents counts that node's active agents", async () => {
    const { store } = storeOver(
      temporaryStore([
        ...waitingAgents(2),
        { id: 3, name: "c", node_name: "worker1" },
        { id: 4, name: "d", node_name: "w2", connection_status: "active" },
      ]).run,
    );
    expect(await store.countActiveAgents("worker1")).toBe(2);
    expect(await store.countActiveAgents("nobody's")).toBe(0);
  });

  test("activeAgentsByNode counts them all", async () => {
    const { store } = storeOver(
      temporaryStore([...waitingAgents(2), { id: 4, name: "d", node_name: "w2", connection_status: "active" }]).run,
    );
    expect(await store.activeAgentsByNode()).toEqual(
      new Map([
        ["unknown", 1],
        ["w2", 1],
        ["worker1", 2],
      ]),
    );
    expect(await store.activeAgentsByNode({ withManager: false })).toEqual(new Map([["w2", 1], ["worker1", 2]]));
  });

  test("agent gives a whole row, or null", async () => {
    const { store } = storeOver(temporaryStore(waitingAgents(1)).run);
    expect(await store.agent("001")).toMatchObject({ id: 1, name: "agent1", sync_status: "syncreq" });
    expect(await store.agent("002")).toBeNull();
  });

  test("query gives rows, and nothing for changes", async () => {
    const { store } = storeOver(temporaryStore(waitingAgents(2)).run);
    expect(await store.query("update agent set name = 'X' where id = 1")).toEqual({ rows: [], total: 0 });
    expect(await store.query("SELECT name FROM agent WHERE name = 'X'")).toEqual({ rows: [{ name: "X" }], total: 1 });
    await expect(store.query("drop table agent")).rejects.toMatchObject({ code: 2004 });
  });
});

describe("listing agents", () => {
  const agents = [...waitingAgents(3, { internal_key: "secret" }), { id: 4, name: "d", node_name: "w2" }];

  test("gives all but the manager, without their keys", async () => {
    const { agents: rows, total } = await storeOver(temporaryStore(agents).run).store.listAgents();
    expect([rows.map(({ id }) => id), total]).toEqual([[1, 2, 3, 4], 4]);
    expect(JSON.stringify(rows)).not.toContain("secret");
  });

  test.each([
    [{ withManager: true }, [0, 1, 2, 3, 4], 5],
    [{ ids: ["002", "4", "99"] }, [2, 4], 2],
    [{ ids: [] }, [], 0],
    [{ ids: ["000"], withManager: true }, [0], 1],
    [{ status: ["active"] }, [1, 2, 3], 3],
    [{ status: ["active", "never_connected"], nodeName: ["w2"] }, [4], 1],
    [{ limit: 2 }, [1, 2], 4],
    [{ limit: 2, offset: 3 }, [4], 4],
    [{ offset: 2 }, [3, 4], 4],
    [{ nodeName: ["o'hara"] }, [], 0],
  ])("%j", async (filter, ids, total) => {
    const found = await storeOver(temporaryStore(agents).run).store.listAgents(filter);
    expect([found.agents.map(({ id }) => id), found.total]).toEqual([ids, total]);
  });

  test("gives the columns that are asked for", async () => {
    const { store } = storeOver(temporaryStore(agents).run);
    expect((await store.listAgents({ select: ["id", "group"], limit: 1 })).agents).toEqual([
      { id: 1, group: "default" },
    ]);
  });

  test.each([
    { select: ["internal_key" as const] },
    { ids: ["x"] },
    { status: ["a;b"] },
    { limit: -1 },
    { limit: 1.5 },
  ])("refuses %j", async (filter) => {
    await expect(storeOver(() => "ok []").store.listAgents(filter)).rejects.toMatchObject({ code: 2004 });
  });
});

describe("the rest", () => {
  test("an import is refused where the store registers its agents itself", async () => {
    await expect(storeOver(() => "ok").store.importAgents([])).rejects.toMatchObject({
      code: 2003,
      extraMessage: expect.stringContaining("register them there"),
    });
  });

  test("a call ends at its deadline", async () => {
    const { store, clock } = storeOver(() => new Promise(() => undefined));
    const call = store.knownAgentIds({ timeout: 30 });
    clock.advance(30);
    await expect(call).rejects.toMatchObject({
      code: 2007,
      extraMessage: "reading the agents' ids took longer than 30 ms",
    });
  });
});
