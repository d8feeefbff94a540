import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { pagedAgents, wdbBytes, wdbServer, type WdbServer, type WdbServerOptions } from "../../support/wdbServer.js";
import { storeOf, temporaryRoot } from "./temporaryRoot.js";

async function host(options: WdbServerOptions): Promise<{ root: string; wdb: WdbServer }> {
  const root = temporaryRoot();
  const wdb = await wdbServer(options, join(root, "queue/db/wdb"));
  onTestFinished(() => wdb.close());
  return { root, wdb };
}

describe("a wazuh-db that is there", () => {
  test("is used, and no database is made beside it", async () => {
    const { root, wdb } = await host(pagedAgents(3));
    const store = await storeOf(root);
    expect(await store.knownAgentIds()).toEqual(["001", "002", "003"]);
    expect(store.describe()).toMatchObject({ adapter: "wazuhDb", state: "connected", location: wdb.path });
    expect(existsSync(join(root, "queue/db/global.db"))).toBe(false);
  });

  test("hands over 10,000 agents, page by page, on one connection", async () => {
    const { root, wdb } = await host(pagedAgents(10_000));
    const store = await storeOf(root);
    const chunks = await store.agentInfoChunks();
    const ids = chunks.flatMap((chunk) => (JSON.parse(chunk) as { id: number }[]).map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    expect(chunks.length).toBeGreaterThan(30);
    // The first connection was the look whether anybody listens.
    expect(wdb.connections.made).toBe(2);
  });

  test.each([1, 3, 4, 5, 1000])("is understood when its answers come in pieces of %i bytes", async (cut) => {
    const { root } = await host({ ...pagedAgents(20, 10), cut });
    const store = await storeOf(root);
    expect((await store.knownAgentIds()).length).toBe(20);
    expect((await store.agentInfoChunks()).length).toBe(1);
  });

  test("gets chunks exactly as a worker sent them", async () => {
    const { behave, stored } = pagedAgents(1);
    const { root } = await host({ behave });
    const store = await storeOf(root);
    const chunk = '[{"id":1,"name":"é \\u00e9 €","x":"; drop"}]';
    await store.storeAgentInfo(chunk);
    expect(stored).toEqual([chunk]);
  });

  test("serves many calls at once over a few connections", async () => {
    const { root, wdb } = await host(pagedAgents(50));
    const store = await storeOf(root, { connections: 3 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => store.knownAgentIds()));
    expect(answers.every((ids) => ids.length === 50)).toBe(true);
    expect(wdb.connections.made).toBeLessThanOrEqual(4);
  });
});

describe("a wazuh-db that errs", () => {
  test("err: 2003 with its text", async () => {
    const { root } = await host({ behave: () => ({ answer: "err Cannot begin transaction" }) });
    const store = await storeOf(root);
    await expect(store.storeAgentInfo("[]").catch(String)).resolves.toBe(
      "Error 2003 - Error in wazuhdb request: Cannot begin transaction",
    );
  });

  test.each(['ok [{"id":1}', "ok {}", "ok"])("'%s' for a list: 2006", async (answer) => {
    const { root } = await host({ behave: () => ({ answer }) });
    const store = await storeOf(root);
    if (answer === "ok") expect(await store.knownAgentIds()).toEqual([]);
    else await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2006 });
  });

  test("something else than an answer: 2007", async () => {
    const { root } = await host({ behave: () => ({ answer: "HTTP/1.1 400 Bad Request" }) });
    await expect((await storeOf(root)).knownAgentIds()).rejects.toMatchObject({ code: 2007 });
  });

  test("an answer of the buffer's size or more: 2009, and the next call works", async () => {
    let isFirst = true;
    const { root } = await host({
      behave: () => {
        const behaviour = isFirst ? { raw: wdbBytes(`ok ${"x".repeat(70_000)}`) } : { answer: "ok []" };
        isFirst = false;
        return behaviour;
      },
    });
    const store = await storeOf(root);
    await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2009 });
    expect(await store.knownAgentIds()).toEqual([]);
  });

  test("no answer in time: 2007, and the next call has another connection", async () => {
    let isFirst = true;
    const { root } = await host({
      behave: () => {
        const behaviour = isFirst ? ({ silent: true } as const) : { answer: "ok []" };
        isFirst = false;
        return behaviour;
      },
    });
    const store = await storeOf(root, { requestTimeout: 50 });
    await expect(store.knownAgentIds()).rejects.toMatchObject({
      code: 2007,
      extraMessage: "wazuh-db gave no answer in 50 ms",
    });
    expect(await store.knownAgentIds()).toEqual([]);
  });

  test("hanging up: 2007, and the next call works", async () => {
    let isFirst = true;
    const { root } = await host({
      behave: () => {
        const behaviour = isFirst ? ({ hangUp: true } as const) : { answer: "ok []" };
        isFirst = false;
        return behaviour;
      },
    });
    const store = await storeOf(root);
    await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2007 });
    expect(await store.knownAgentIds()).toEqual([]);
  });

  test("breaking down between two pages: the agents of the first page are marked for the next round", async () => {
    const { behave, waiting } = pagedAgents(1000);
    let gets = 0;
    const { root } = await host({
      behave: (command) => (command.includes("-get ") && (gets += 1) >= 3 ? { hangUp: true } : behave(command)),
    });
    const store = await storeOf(root);
    await expect(store.agentInfoChunks()).rejects.toMatchObject({ code: 2007 });
    expect(waiting.size).toBe(1000);
  });
});

describe("a wazuh-db that comes and goes", () => {
  test("and is back soon is used again", async () => {
    const { root, wdb } = await host(pagedAgents(2));
    const store = await storeOf(root);
    await store.knownAgentIds();
    await wdb.stop();
    await wdb.start();
    expect(await store.knownAgentIds()).toEqual(["001", "002"]);
    expect(store.describe().restarts).toBe(1);
  });

  test("and is gone: one call fails with 2005, then the embedded store takes over", async () => {
    const { root, wdb } = await host(pagedAgents(2));
    const store = await storeOf(root);
    await store.knownAgentIds();
    await wdb.stop();
    await expect(store.knownAgentIds()).rejects.toMatchObject({ code: 2005 });
    expect(await store.knownAgentIds()).toEqual([]);
    expect(store.describe()).toMatchObject({ adapter: "embedded", state: "connected" });
    expect(store.notices).toEqual([expect.stringContaining("now kept by the embedded store")]);
  });

  test("and appears later is taken up", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root, { recheckInterval: 0 });
    expect(await store.knownAgentIds()).toEqual([]);
    const wdb = await wdbServer(pagedAgents(2), join(root, "queue/db/wdb"));
    onTestFinished(() => wdb.close());
    expect(await store.knownAgentIds()).toEqual(["001", "002"]);
    expect(store.describe().adapter).toBe("wazuhDb");
  });
});
