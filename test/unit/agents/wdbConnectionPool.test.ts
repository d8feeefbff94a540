import { describe, expect, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS, type AgentStoreSettings } from "../../../src/agents/AgentStoreSettings.js";
import { WdbConnectionPool } from "../../../src/agents/wazuhDb/WdbConnectionPool.js";
import { ManualClock } from "../../support/manualClock.js";
import { seededRandom } from "../../support/seededRandom.js";
import { fakeWdb, settled, type FakeWdb } from "./fakeWdb.js";

const never = (): AbortSignal => new AbortController().signal;

function poolOn(
  wdb: FakeWdb,
  settings: Partial<AgentStoreSettings> = {},
): { pool: WdbConnectionPool; clock: ManualClock } {
  const clock = new ManualClock();
  const filled = { ...DEFAULT_AGENT_STORE_SETTINGS, ...settings };
  return {
    pool: new WdbConnectionPool({
      open: wdb.open,
      clock,
      random: seededRandom(1),
      settings: filled,
      location: "/root/queue/db/wdb",
    }),
    clock,
  };
}

describe("connections", () => {
  test("are opened with the first request, and used again", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    expect([pool.describe().state, wdb.attempts]).toEqual(["idle", 0]);
    for (const name of ["one", "two", "three"]) {
      const answer = pool.request(name, never());
      await settled();
      wdb.links[0]?.answer(`ok ${name}`);
      expect(await answer).toBe(`ok ${name}`);
    }
    expect([wdb.attempts, wdb.links[0]?.commands]).toEqual([1, ["one", "two", "three"]]);
    expect(pool.describe()).toMatchObject({ adapter: "wazuhDb", state: "connected", restarts: 0, inFlight: 0 });
  });

  test("are at most as many as allowed; other requests wait", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb, { connections: 2 });
    const answers = ["a", "b", "c", "d"].map((name) => pool.request(name, never()));
    await settled();
    expect([wdb.links.length, pool.describe().inFlight, pool.describe().waiting]).toEqual([2, 2, 2]);
    for (let round = 0; round < 2; round += 1) {
      for (const link of wdb.links) link.answer(`ok ${link.commands.at(-1) ?? ""}`);
      await settled();
    }
    expect(await Promise.all(answers)).toEqual(["ok a", "ok b", "ok c", "ok d"]);
    expect(wdb.links.length).toBe(2);
  });

  test("that wazuh-db closes while idle are replaced unnoticed", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const first = pool.request("one", never());
    await settled();
    wdb.links[0]?.answer("ok");
    await first;
    wdb.links[0]?.events.closed();
    const second = pool.request("two", never());
    await settled();
    wdb.links[1]?.answer("ok 2");
    expect(await second).toBe("ok 2");
    expect(pool.describe().restarts).toBe(1);
  });

  test("that break fail their request with 2007", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const answer = pool.request("one", never());
    await settled();
    wdb.links[0]?.events.closed(new Error("reset"));
    await expect(answer).rejects.toMatchObject({
      code: 2007,
      extraMessage: expect.stringContaining("broke: reset before it answered"),
    });
    expect(pool.describe()).toMatchObject({ state: "degraded", lastError: expect.stringContaining("Error 2007") });
  });

  test("that ended while they were idle: the request is sent again on another one", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const first = pool.request("one", never());
    await settled();
    wdb.links[0]?.answer("ok");
    await first;
    const second = pool.request("two", never());
    await settled();
    wdb.links[0]?.events.closed(new Error("EPIPE"));
    await settled();
    wdb.links[1]?.answer("ok two");
    expect(await second).toBe("ok two");
    expect(wdb.links.map(({ commands }) => commands)).toEqual([["one", "two"], ["two"]]);
  });

  test("that break in the middle of an answer fail their request, old or new", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const first = pool.request("one", never());
    await settled();
    wdb.links[0]?.answer("ok");
    await first;
    const second = pool.request("two", never());
    await settled();
    wdb.links[0]?.events.received(Buffer.from([9, 0, 0]));
    wdb.links[0]?.events.closed();
    await expect(second).rejects.toMatchObject({ code: 2007 });
  });

  test("that give no answer in time are closed, and a late answer reaches nobody", async () => {
    const wdb = fakeWdb();
    const { pool, clock } = poolOn(wdb, { requestTimeout: 100 });
    const answer = pool.request("one", never());
    await settled();
    clock.advance(100);
    await expect(answer).rejects.toMatchObject({ code: 2007, extraMessage: "wazuh-db gave no answer in 100 ms" });
    expect(wdb.links[0]?.isDestroyed).toBe(true);
    const next = pool.request("two", never());
    await settled();
    wdb.links[0]?.answer("ok late");
    wdb.links[1]?.answer("ok two");
    expect(await next).toBe("ok two");
  });

  test("that send an answer nobody asked for are closed", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const answer = pool.request("one", never());
    await settled();
    wdb.links[0]?.answer("ok one");
    wdb.links[0]?.answer("ok surplus");
    expect(await answer).toBe("ok one");
    expect(wdb.links[0]?.isDestroyed).toBe(true);
  });

  test("that announce an answer of the buffer's size are closed: 2009, and the store is not degraded", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const first = pool.request("zero", never());
    await settled();
    wdb.links[0]?.answer("ok");
    await first;
    const answer = pool.request("one", never());
    await settled();
    wdb.links[0]?.events.received(Buffer.from([0, 0, 1, 0]));
    await expect(answer).rejects.toMatchObject({ code: 2009, extraMessage: "an answer of 65536 bytes" });
    expect(pool.describe().state).toBe("connected");
  });

  test("accept an answer one byte below that", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const answer = pool.request("one", never());
    await settled();
    wdb.links[0]?.answer(`ok ${"x".repeat(65_532)}`);
    expect((await answer).length).toBe(65_535);
  });

  test("put an answer together from single bytes", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb);
    const answer = pool.request("one", never());
    await settled();
    for (const byte of [5, 0, 0, 0, 0x6f, 0x6b, 0x20, 0xc3, 0xa9]) wdb.links[0]?.events.received(Uint8Array.of(byte));
    expect(await answer).toBe("ok é");
  });
});

describe("a wazuh-db that can't be reached", () => {
  test("fails the requests that wait with 2005, and says where it should be", async () => {
    const wdb = fakeWdb();
    wdb.refusal = new Error("connect ECONNREFUSED");
    const { pool } = poolOn(wdb);
    await expect(pool.request("one", never())).rejects.toMatchObject({
      code: 2005,
      extraMessage: "/root/queue/db/wdb: connect ECONNREFUSED; is wazuh-db running?",
    });
    expect(pool.describe().state).toBe("degraded");
  });

  test("is tried again after a delay that grows, by one attempt for all requests", async () => {
    const wdb = fakeWdb();
    wdb.refusal = new Error("no");
    const { pool, clock } = poolOn(wdb, { firstRetryDelay: 100, longestReconnectDelay: 400 });
    await expect(pool.request("first", never())).rejects.toMatchObject({ code: 2005 });
    for (const [delay, attempts] of [
      [100, 2],
      [200, 3],
      [400, 4],
      [400, 5],
    ] as const) {
      const answers = [pool.request("a", never()), pool.request("b", never())];
      const outcome = Promise.allSettled(answers);
      await settled();
      expect(wdb.attempts).toBe(attempts - 1);
      clock.advance(delay);
      expect((await outcome).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(wdb.attempts).toBe(attempts);
    }
  });

  test("that comes back serves the requests that waited", async () => {
    const wdb = fakeWdb();
    wdb.refusal = new Error("no");
    const { pool, clock } = poolOn(wdb);
    await expect(pool.request("first", never())).rejects.toMatchObject({ code: 2005 });
    wdb.refusal = null;
    const answers = [pool.request("a", never()), pool.request("b", never())];
    clock.advance(100);
    await settled();
    for (const link of wdb.links) link.answer("ok");
    await settled();
    for (const link of wdb.links) if (link.commands.length === 2) link.answer("ok");
    expect(await Promise.all(answers)).toEqual(["ok", "ok"]);
    expect(pool.describe()).toMatchObject({ state: "connected" });
  });

  test("that does not accept in time counts as unreachable", async () => {
    const wdb = fakeWdb();
    wdb.hangs = true;
    const { pool, clock } = poolOn(wdb, { connectTimeout: 50 });
    const answer = pool.request("one", never());
    clock.advance(50);
    await expect(answer).rejects.toMatchObject({
      code: 2005,
      extraMessage: expect.stringContaining("no connection in 50 ms"),
    });
  });
});

describe("requests", () => {
  test("beyond the bound are refused at once", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb, { connections: 1, waitingRequests: 2 });
    const first = pool.request("a", never());
    await settled();
    void pool.request("b", never()).catch(() => undefined);
    void pool.request("c", never()).catch(() => undefined);
    await expect(pool.request("d", never())).rejects.toMatchObject({ code: 2007 });
    wdb.links[0]?.answer("ok");
    expect(await first).toBe("ok");
    await pool.close();
  });

  test("whose caller leaves are answered to nobody, and the connection stays in step", async () => {
    const wdb = fakeWdb();
    const { pool } = poolOn(wdb, { connections: 1 });
    const controller = new AbortController();
    const left = pool.request("left", controller.signal);
    await settled();
    controller.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    const next = pool.request("next", never());
    await settled();
    wdb.links[0]?.answer("ok left");
    await settled();
    wdb.links[0]?.answer("ok next");
    expect(await next).toBe("ok next");
  });
});

describe("closing", () => {
  test("fails what is under way and what waits, closes connections, and leaves no timer", async () => {
    const wdb = fakeWdb();
    const { pool, clock } = poolOn(wdb, { connections: 1 });
    const outcome = Promise.allSettled([pool.request("a", never()), pool.request("b", never())]);
    await settled();
    await pool.close();
    await pool.close();
    expect((await outcome).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect([wdb.links[0]?.isDestroyed, clock.pending, pool.describe().state]).toEqual([true, 0, "closed"]);
    await expect(pool.request("c", never())).rejects.toMatchObject({ code: 2005 });
  });

  test("ends an attempt to connect", async () => {
    const wdb = fakeWdb();
    wdb.hangs = true;
    const { pool, clock } = poolOn(wdb);
    const answer = pool.request("a", never());
    await pool.close();
    await expect(answer).rejects.toMatchObject({ code: 2005 });
    await settled();
    expect(clock.pending).toBe(0);
  });
});
