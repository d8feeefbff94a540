import { describe, expect, test } from "vitest";
import { AgentStoreError } from "../../../src/agents/AgentStoreError.js";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { SwitchingAgentStore } from "../../../src/agents/SwitchingAgentStore.js";
import { WdbAgentStore } from "../../../src/agents/WdbAgentStore.js";
import { ManualClock } from "../../support/manualClock.js";
import { settled } from "./fakeWdb.js";
import { inProcessTransport } from "./inProcessTransport.js";

/** A host where wazuh-db comes and goes; the stores say in each answer who they are. */
function host(): {
  open: () => Promise<SwitchingAgentStore>;
  clock: ManualClock;
  wazuhDb: { listens: boolean; answers: boolean };
  looks: () => number;
  closed: string[];
  notices: string[];
  hold: (gate: Promise<void>) => void;
} {
  const clock = new ManualClock();
  const wazuhDb = { listens: false, answers: true };
  const closed: string[] = [];
  const notices: string[] = [];
  let looks = 0;
  let gate: Promise<void> = Promise.resolve();
  const storeNamed = (name: string, isThere: () => boolean): WdbAgentStore => {
    const transport = inProcessTransport(async () => {
      if (!isThere()) throw new AgentStoreError(2005, "refused");
      await gate;
      return `ok [{"id":${name === "wazuhDb" ? 1 : 2}}]`;
    });
    return new WdbAgentStore({
      transport: {
        ...transport,
        describe: () => ({ ...transport.describe(), adapter: name as "wazuhDb", location: `at ${name}` }),
        close: () => {
          closed.push(name);
          return Promise.resolve();
        },
      },
      clock,
      settings: DEFAULT_AGENT_STORE_SETTINGS,
    });
  };
  const open = (): Promise<SwitchingAgentStore> =>
    SwitchingAgentStore.open({
      wazuhDbListens: () => {
        looks += 1;
        return Promise.resolve(wazuhDb.listens);
      },
      openWazuhDb: () => storeNamed("wazuhDb", () => wazuhDb.answers),
      openEmbedded: () => storeNamed("embedded", () => true),
      clock,
      recheckInterval: 10_000,
      notice: (text) => notices.push(text),
    });
  return { open, clock, wazuhDb, looks: () => looks, closed, notices, hold: (next) => void (gate = next) };
}

describe("which store is used", () => {
  test("wazuh-db where it listens", async () => {
    const { open, wazuhDb } = host();
    wazuhDb.listens = true;
    const store = await open();
    expect([await store.knownAgentIds(), store.describe().adapter]).toEqual([["001"], "wazuhDb"]);
  });

  test("the embedded store elsewhere", async () => {
    const store = await host().open();
    expect([await store.knownAgentIds(), store.describe().adapter]).toEqual([["002"], "embedded"]);
  });

  test("wazuh-db that appears is found after the interval, not with every call", async () => {
    const { open, clock, wazuhDb, looks, closed, notices } = host();
    const store = await open();
    wazuhDb.listens = true;
    clock.advance(9999);
    expect([await store.knownAgentIds(), looks()]).toEqual([["002"], 1]);
    clock.advance(1);
    expect([await store.knownAgentIds(), looks()]).toEqual([["001"], 2]);
    expect([closed, notices]).toEqual([["embedded"], ["Agents are now kept by wazuh-db (at wazuhDb)."]]);
  });

  test("wazuh-db that answers is not looked for", async () => {
    const { open, clock, wazuhDb, looks } = host();
    wazuhDb.listens = true;
    const store = await open();
    clock.advance(1_000_000);
    await store.knownAgentIds();
    expect(looks()).toBe(1);
  });

  test("the call that finds wazuh-db gone fails, the next one looks and goes to the embedded store", async () => {
    const { open, wazuhDb, closed, notices } = host();
    wazuhDb.listens = true;
    const store = await open();
    wazuhDb.listens = wazuhDb.answers = false;
    await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2005 });
    expect(await store.knownAgentIds()).toEqual(["002"]);
    expect([closed, notices]).toEqual([["wazuhDb"], ["Agents are now kept by the embedded store (at embedded)."]]);
  });

  test("wazuh-db that listens but can't be used stays the store", async () => {
    const { open, wazuhDb, looks } = host();
    wazuhDb.listens = true;
    wazuhDb.answers = false;
    const store = await open();
    for (let call = 0; call < 3; call += 1) await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2005 });
    expect([store.describe().adapter, looks()]).toEqual(["wazuhDb", 3]);
  });

  test("other errors are no reason to look", async () => {
    const { open, wazuhDb, looks } = host();
    wazuhDb.listens = true;
    const store = await open();
    await expect(store.query("drop table agent")).rejects.toMatchObject({ code: 2004 });
    await store.knownAgentIds();
    expect(looks()).toBe(1);
  });
});

describe("a change of the store", () => {
  test("lets calls under way end before the old store is closed", async () => {
    const { open, clock, wazuhDb, closed, hold } = host();
    const store = await open();
    let release: () => void = () => undefined;
    hold(new Promise((resolve) => (release = resolve)));
    const old = store.knownAgentIds();
    await settled();
    wazuhDb.listens = true;
    clock.advance(10_000);
    const fresh = store.knownAgentIds();
    await settled();
    expect(closed).toEqual([]);
    release();
    expect([await old, await fresh]).toEqual([["002"], ["001"]]);
    expect(closed).toEqual(["embedded"]);
  });

  test("is looked for once by many calls", async () => {
    const { open, clock, looks } = host();
    const store = await open();
    clock.advance(10_000);
    await Promise.all([store.knownAgentIds(), store.countActiveAgents("x").catch(() => 0), store.knownAgentIds()]);
    expect(looks()).toBe(2);
  });

  test("does not happen after closing", async () => {
    const { open, clock, wazuhDb, closed } = host();
    const store = await open();
    wazuhDb.listens = true;
    await store.close();
    clock.advance(10_000);
    await store.knownAgentIds();
    expect(closed).toEqual(["embedded"]);
  });
});

test("every method of the port reaches the chosen store", async () => {
  const store = await host().open();
  expect(await store.agentInfoChunks()).toEqual(['[{"id":2}]']);
  expect(await store.requeueAgentInfo(['[{"id":5}]'])).toBe(1);
  expect(await store.storeAgentInfo("[]")).toBeUndefined();
  expect(await store.deleteBelongs(["001"])).toBeUndefined();
  expect(await store.countActiveAgents("w")).toBe(2);
  expect((await store.query("select count(*) from agent")).total).toBe(2);
  expect((await store.listAgents({ limit: 1 })).agents).toEqual([{ id: 2 }]);
  expect(await store.agent("002")).toEqual({ id: 2 });
  expect((await store.activeAgentsByNode()).size).toBe(1);
  await expect(store.importAgents([])).rejects.toMatchObject({ code: 2003 });
});
