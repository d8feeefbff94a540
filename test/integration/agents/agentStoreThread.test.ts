import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AgentLists } from "../../../src/agents/AgentLists.js";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import type { StoreThread } from "../../../src/agents/embedded/StoreThread.js";
import { ThreadTransport } from "../../../src/agents/embedded/ThreadTransport.js";
import { WdbAgentStore } from "../../../src/agents/WdbAgentStore.js";
import { startAgentStoreThread } from "../../../src/node/ports/agentStoreThread.js";
import { systemClock } from "../../../src/node/ports/systemClock.js";
import { systemRandom } from "../../../src/node/ports/systemRandom.js";
import { waitingAgents } from "../../unit/agents/temporaryStore.js";
import { storeOf, temporaryRoot } from "./temporaryRoot.js";

/** The embedded store with its threads within reach. */
function storeWithThreads(path: string): { store: WdbAgentStore; threads: StoreThread[]; transport: ThreadTransport } {
  const threads: StoreThread[] = [];
  const settings = { ...DEFAULT_AGENT_STORE_SETTINGS, firstRetryDelay: 1 };
  const transport = new ThreadTransport({
    start: () => {
      const thread = startAgentStoreThread({ path, busyTimeout: 1000 }, () => undefined);
      threads.push(thread);
      return thread;
    },
    clock: systemClock,
    random: systemRandom,
    settings,
    location: path,
  });
  const importAgents = transport.importAgents.bind(transport);
  const sync = {
    read: (signal: AbortSignal) => transport.agentLists(signal),
    write: (lists: AgentLists, signal: AbortSignal) => transport.storeAgentLists(JSON.stringify(lists), signal),
  };
  const store = new WdbAgentStore({ transport, clock: systemClock, settings, importAgents, sync });
  onTestFinished(() => store.close());
  return { store, threads, transport };
}

const isRefused = (one: PromiseSettledResult<unknown>): boolean => one.status === "rejected";

describe("the thread", () => {
  test("runs commands on the file, and keeps SQLite off the main thread", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root);
    expect(await store.importAgents(waitingAgents(3))).toEqual({ created: 3, updated: 0 });
    expect((await store.agentInfoChunks()).length).toBe(1);
    expect(await store.countActiveAgents("worker1")).toBe(3);
    expect(store.describe()).toMatchObject({
      adapter: "embedded",
      state: "connected",
      location: join(root, "queue/db/global.db"),
    });
  });

  test("makes the folder and a file that not everybody may read", async () => {
    const root = join(temporaryRoot(), "new");
    mkdirSync(root);
    await (await storeOf(root)).importAgents([{ id: 1, name: "a", internal_key: "secret" }]);
    expect(statSync(join(root, "queue/db/global.db")).mode & 0o007).toBe(0);
  });

  test("leaves one tidy file when the store is closed", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root);
    await store.importAgents(waitingAgents(1));
    await store.close();
    expect(
      ["global.db", "global.db-wal", "global.db-shm"].map((name) => existsSync(join(root, "queue/db", name))),
    ).toEqual([true, false, false]);
    expect(await (await storeOf(root)).knownAgentIds()).toEqual(["001"]);
  });

  test("tells why a database can't be opened, and works once it can", async () => {
    const root = temporaryRoot();
    const path = join(root, "queue/db/global.db");
    mkdirSync(path);
    const { store, threads } = storeWithThreads(path);
    await expect(store.knownAgentIds()).rejects.toMatchObject({
      code: 2005,
      extraMessage: expect.stringContaining("EISDIR"),
    });
    expect(store.describe()).toMatchObject({ state: "degraded", restarts: 0 });
    chmodSync(path, 0o700);
    const { rmdirSync } = await import("node:fs");
    rmdirSync(path);
    expect(await store.knownAgentIds()).toEqual([]);
    expect([threads.length, store.describe().state]).toEqual([1, "connected"]);
  });

  test("hands on what the log should say", async () => {
    const labels = Array.from({ length: 20 }, (_, index) => ({ key: `key${index}`, value: "x".repeat(4000) }));
    const store = await storeOf(temporaryRoot());
    await store.importAgents(waitingAgents(1, { labels }));
    expect(await store.agentInfoChunks()).toEqual([]);
    expect(store.notices).toEqual([expect.stringContaining("Agent 1 has ")]);
  });
});

describe("the thread killed in the middle of calls", () => {
  test("the call that it had fails, those that wait and the next ones work", async () => {
    const path = join(temporaryRoot(), "global.db");
    const { store, threads } = storeWithThreads(path);
    await store.importAgents(waitingAgents(2000));
    const calls = Array.from({ length: 20 }, () => store.query("select count(*) from agent a, agent b"));
    const outcome = Promise.allSettled(calls);
    while (store.describe().inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    await threads[0]?.stop();
    const settled = await outcome;
    expect(settled.filter(isRefused).length).toBe(1);
    expect(settled.find(isRefused)).toMatchObject({
      reason: { code: 2007, extraMessage: expect.stringMatching(/thread ended .*another thread/) },
    });
    expect((await store.knownAgentIds()).length).toBe(2000);
    expect([threads.length, store.describe().restarts]).toEqual([2, 1]);
  });

  test("again and again: every call settles, and nothing of a finished import is lost", async () => {
    const path = join(temporaryRoot(), "global.db");
    const { store, threads } = storeWithThreads(path);
    let imported = 0;
    for (let round = 0; round < 5; round += 1) {
      const first = imported * 100 + 1;
      const batch = waitingAgents(100).map((agent, index) => ({ ...agent, id: first + index }));
      await store.importAgents(batch);
      imported += 1;
      const interrupted = store.importAgents(waitingAgents(3000, { name: `renamed${round}` }));
      const outcome = Promise.allSettled([interrupted, store.knownAgentIds()]);
      await threads.at(-1)?.stop();
      await outcome;
      // All of an import or nothing of it.
      const names = await store.query("select count(distinct name) from agent where name like 'renamed%'");
      expect(names.total).toBeLessThanOrEqual(1);
    }
    expect((await store.knownAgentIds()).length).toBeGreaterThanOrEqual(100 * imported);
  });

  test("while nobody asks: the next call works", async () => {
    const { store, threads } = storeWithThreads(join(temporaryRoot(), "global.db"));
    await store.importAgents(waitingAgents(1));
    await threads[0]?.stop();
    expect(await store.knownAgentIds()).toEqual(["001"]);
  });
});

test("two stores on one file see each other's agents", async () => {
  const path = join(temporaryRoot(), "global.db");
  const [one, two] = [storeWithThreads(path).store, storeWithThreads(path).store];
  await Promise.all([
    one.importAgents(waitingAgents(500)),
    two.importAgents(waitingAgents(500).map((agent) => ({ ...agent, id: agent.id + 500 }))),
  ]);
  expect([(await one.knownAgentIds()).length, (await two.knownAgentIds()).length]).toEqual([1000, 1000]);
});

test("a worker's chunks, from one node's store to another's, give equal agents", async () => {
  const [worker, master] = [await storeOf(temporaryRoot()), await storeOf(temporaryRoot())];
  const agents = waitingAgents(2500, { os_name: "Ubuntu ✓", labels: [{ key: "rack", value: "4" }] });
  await worker.importAgents(agents);
  await master.importAgents(agents.map(({ id }) => ({ id, name: "registered" })));
  for (const chunk of await worker.agentInfoChunks()) await master.storeAgentInfo(chunk);
  const rows = async (store: typeof worker): Promise<unknown> =>
    (
      await store.listAgents({
        select: ["id", "name", "ip", "os_name", "node_name", "last_keepalive", "connection_status", "sync_status"],
      })
    ).agents;
  expect(await rows(master)).toEqual(await rows(worker));
});
