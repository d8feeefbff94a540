import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { WdbAgentStore } from "../../../src/agents/WdbAgentStore.js";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { ManualClock } from "../../support/manualClock.js";
import { inProcessTransport } from "./inProcessTransport.js";
import { NOW_SECONDS, temporaryStore, waitingAgents } from "./temporaryStore.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);
const checksum = (...groups: readonly string[]): string => createHash("sha1").update(groups.map(sha256).join("")).digest("hex");

const AGENTS = [
  { id: 1, name: "a", groups: ["default"] },
  { id: 2, name: "b", groups: ["web", "db"] },
  // A new agent is in the default group unless it is said otherwise.
  { id: 3, name: "c", groups: [] },
];
const HASH = checksum("default", "web,db");

describe("the groups of the embedded store, as dialect 4.14 has them", () => {
  test("groups that are there when the file is upgraded go to the workers, once", () => {
    const { run } = temporaryStore(AGENTS);
    const get = 'global sync-agent-groups-get {"condition": "sync_status", "set_synced": true, "get_global_hash": true}';
    expect(run(get)).toBe(`ok [{"data":[{"id":1,"groups":["default"]},{"id":2,"groups":["web","db"]}],"hash":"${HASH}"}]`);
    expect(run(get)).toBe(`ok [{"data":[],"hash":"${HASH}"}]`);
  });

  test("what is imported later goes to the workers, too", () => {
    const { run, store } = temporaryStore(AGENTS);
    run('global sync-agent-groups-get {"set_synced": true}');
    store.importAgents([{ id: 3, groups: ["web"] }]);
    expect(run('global sync-agent-groups-get {"condition": "sync_status"}')).toBe('ok [{"data":[{"id":3,"groups":["web"]}]}]');
  });

  test("without any group there is no checksum", () => {
    const { run } = temporaryStore([{ id: 3, name: "c" }]);
    run('global set-agent-groups {"mode":"override","data":[{"id":3,"groups":[]}]}');
    expect(run('global sync-agent-groups-get {"get_global_hash": true}')).toBe('ok [{"data":[],"hash":null}]');
  });

  test("the four modes", () => {
    const { run } = temporaryStore(AGENTS);
    const after = (mode: string, id: number, groups: readonly string[]): string => {
      expect(run(`global set-agent-groups ${JSON.stringify({ mode, sync_status: "synced", data: [{ id, groups }] })}`)).toBe("ok");
      return run(`global select-agent-group ${id}`);
    };
    expect(after("append", 1, ["web", "default"])).toBe('ok [{"group":"default,web"}]');
    expect(after("remove", 1, ["default"])).toBe('ok [{"group":"web"}]');
    expect(after("empty_only", 1, ["other"])).toBe('ok [{"group":"web"}]');
    expect(after("empty_only", 3, ["other"])).toContain("other");
    expect(after("override", 1, [])).toBe("ok [{}]");
  });

  test("memberships follow, in the order of the groups", () => {
    const { run, rows } = temporaryStore(AGENTS);
    run('global set-agent-groups {"mode":"override","data":[{"id":3,"groups":["db","new"]}]}');
    expect(rows("global sql select name, priority from belongs, `group` where id_group = id and id_agent = 3 order by priority")).toEqual([
      { name: "db", priority: 0 },
      { name: "new", priority: 1 },
    ]);
  });

  test("an unknown agent is told, and the others have their groups", () => {
    const { run } = temporaryStore(AGENTS);
    const answer = run('global set-agent-groups {"mode":"override","data":[{"id":9,"groups":["x"]},{"id":3,"groups":["y"]}]}');
    expect(answer).toBe("err Cannot execute Global database query; FOREIGN KEY constraint failed");
    expect(run("global select-agent-group 3")).toBe('ok [{"group":"y"}]');
  });

  test.each([
    ["{", "err Invalid JSON syntax, near '{'"],
    ['{"mode":"override"}', "err Invalid JSON data, missing required fields"],
    ['{"mode":"other","data":[]}', "err Invalid mode 'other' in set_agent_groups command"],
    ['{"mode":"override","data":[{"id":1,"groups":["a,b"]}]}', "err Invalid JSON data, missing required fields"],
    ['{"mode":"override","data":[{"id":"1"}]}', "err Invalid JSON data, missing required fields"],
  ])("set-agent-groups %s", (argument, answer) => {
    expect(temporaryStore(AGENTS).run(`global set-agent-groups ${argument}`)).toBe(answer);
  });

  test("get-groups-integrity", () => {
    const { run } = temporaryStore(AGENTS);
    expect(run(`global get-groups-integrity ${HASH}`)).toBe('ok ["syncreq"]');
    run('global sync-agent-groups-get {"set_synced": true}');
    expect(run(`global get-groups-integrity ${HASH}`)).toBe('ok ["synced"]');
    expect(run(`global get-groups-integrity ${"0".repeat(40)}`)).toBe('ok ["hash_mismatch"]');
    expect(run("global get-groups-integrity 12")).toBe("err Hash hex-digest does not have the expected length. Expected (40) got (2)");
  });

  test("recalculate-agent-group-hashes mends hashes", () => {
    const { run } = temporaryStore(AGENTS);
    run('global sync-agent-groups-get {"set_synced": true}');
    run("global sql update agent set group_hash = 'x'");
    expect(run("global recalculate-agent-group-hashes")).toBe("ok");
    expect(run(`global get-groups-integrity ${HASH}`)).toBe('ok ["synced"]');
  });

  test("the client pages through more agents than fit one answer", async () => {
    const groups = Array.from({ length: 20 }, (_, index) => `group-with-a-long-name-${index}`);
    const embedded = temporaryStore(waitingAgents(400).map((agent) => ({ ...agent, groups })));
    const store = new WdbAgentStore({ transport: inProcessTransport((command) => embedded.run(command)), clock: new ManualClock(), settings: DEFAULT_AGENT_STORE_SETTINGS });
    const idsOf = (chunks: readonly string[]): number[] => chunks.flatMap((chunk) => (JSON.parse(chunk) as [{ data: { id: number }[] }])[0].data.map(({ id }) => id));
    const ids = Array.from({ length: 400 }, (_, index) => index + 1);
    const all = await store.allAgentGroups();
    expect(all.length).toBeGreaterThan(1);
    expect(idsOf(all)).toEqual(ids);
    expect(idsOf(await store.changedAgentGroups())).toEqual(ids);
    const left = await store.changedAgentGroups();
    expect(idsOf(left)).toEqual([]);
    expect(left).toHaveLength(1);
    expect(await store.agentGroupsHash()).toBe(checksum(...ids.map(() => groups.join(","))));
    expect(await store.setAgentGroups([{ id: 1, groups: ["web"] }])).toBe(true);
    expect(await store.setAgentGroups([{ id: 999, groups: ["web"] }])).toBe(false);
  });
});

describe("the three lists of the embedded store", () => {
  test("are read once, and written into another store", () => {
    const worker = temporaryStore([
      { id: 1, name: "a", version: "Wazuh v4.14.7", connection_status: "active", sync_status: "syncreq", labels: [{ key: "k", value: "v" }] },
      { id: 2, name: "b" },
      { id: 3, name: "c" },
    ]);
    worker.run('global sync-agent-groups-get {}');
    worker.run("global sql update agent set sync_status = 'syncreq_keepalive', version = 'v2' where id = 2");
    worker.run("global sql update agent set sync_status = 'syncreq_status', connection_status = 'disconnected', disconnection_time = 7, status_code = 3 where id = 3");
    const lists = worker.store.agentLists();
    expect(lists.syncreq).toMatchObject([{ id: 1, name: "a", connection_status: "active", labels: [{ key: "k", value: "v" }] }]);
    expect(lists.syncreq_keepalive).toEqual([{ id: 2, version: "v2" }]);
    expect(lists.syncreq_status).toEqual([{ id: 3, connection_status: "disconnected", disconnection_time: 7, status_code: 3 }]);
    expect(worker.store.agentLists()).toEqual({ syncreq: [], syncreq_keepalive: [], syncreq_status: [] });

    const master = temporaryStore([1, 2, 3].map((id) => ({ id, name: `agent${id}` })));
    master.store.storeAgentLists(JSON.stringify(lists));
    expect(master.rows("global sql select id, name, connection_status, version, sync_status, status_code, last_keepalive from agent where id > 0 order by id")).toMatchObject([
      { id: 1, name: "a", connection_status: "active", version: "Wazuh v4.14.7", sync_status: "synced" },
      { id: 2, name: "agent2", connection_status: "active", version: "v2", sync_status: "synced", last_keepalive: NOW_SECONDS },
      { id: 3, name: "agent3", connection_status: "disconnected", sync_status: "synced", status_code: 3 },
    ]);
    expect(master.run("global get-labels 1")).toBe('ok [{"id":1,"key":"k","value":"v"}]');
  });

  test.each(["{", "[]", '{"syncreq": []}', '{"syncreq": [{"name": "x"}], "syncreq_keepalive": [], "syncreq_status": []}', '{"syncreq": [{"id": 1, "last_keepalive": "x"}], "syncreq_keepalive": [], "syncreq_status": []}'])(
    "refuses %s, and changes nothing",
    (text) => {
      const { store, run } = temporaryStore(AGENTS);
      expect(() => store.storeAgentLists(text)).toThrow();
      expect(run("global select-agent-name 1")).toBe('ok [{"name":"a"}]');
    },
  );
});
