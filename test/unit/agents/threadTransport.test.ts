import { describe, expect, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS, type AgentStoreSettings } from "../../../src/agents/AgentStoreSettings.js";
import type { StoreThread } from "../../../src/agents/embedded/StoreThread.js";
import { ThreadTransport } from "../../../src/agents/embedded/ThreadTransport.js";
import { ManualClock } from "../../support/manualClock.js";
import { seededRandom } from "../../support/seededRandom.js";
import { settled } from "./fakeWdb.js";

const never = (): AbortSignal => new AbortController().signal;

interface FakeThread extends StoreThread {
  readonly commands: string[];
  /** Answers the oldest command that has no answer. */
  answer(text: string): void;
  fail(error: Error): void;
  die(error: Error): void;
  stopped: boolean;
  closed: boolean;
}

function fakeThread(): FakeThread {
  let kill: (error: Error) => void = () => undefined;
  const pending: { resolve(text: string): void; reject(error: Error): void }[] = [];
  const thread: FakeThread = {
    commands: [],
    stopped: false,
    closed: false,
    run: (command) => {
      thread.commands.push(command);
      return new Promise((resolve, reject) => pending.push({ resolve, reject }));
    },
    importAgents: () => Promise.reject(new Error("UNIQUE constraint failed")),
    agentLists: () => Promise.reject(new Error("no such table: agent")),
    storeAgentLists: () => Promise.reject(new Error("an agent has no id")),
    close: () => {
      thread.closed = true;
      return Promise.resolve();
    },
    death: new Promise<never>((_resolve, reject) => (kill = reject)),
    stop: () => {
      thread.stopped = true;
      return Promise.resolve();
    },
    answer: (text) => pending.shift()?.resolve(text),
    fail: (error) => pending.shift()?.reject(error),
    // As a real one: nobody settles what was pending.
    die: (error) => kill(error),
  };
  return thread;
}

function transportOn(settings: Partial<AgentStoreSettings> = {}): {
  transport: ThreadTransport;
  threads: FakeThread[];
  clock: ManualClock;
  failStarts: (error: Error | null) => void;
} {
  const threads: FakeThread[] = [];
  const clock = new ManualClock();
  let startError: Error | null = null;
  const transport = new ThreadTransport({
    start: () => {
      if (startError !== null) throw startError;
      const thread = fakeThread();
      threads.push(thread);
      return thread;
    },
    clock,
    random: seededRandom(1),
    settings: { ...DEFAULT_AGENT_STORE_SETTINGS, ...settings },
    location: "/root/global.db",
  });
  return { transport, threads, clock, failStarts: (error) => (startError = error) };
}

describe("commands", () => {
  test("start the thread when the first one comes, and follow one another", async () => {
    const { transport, threads } = transportOn();
    expect([threads.length, transport.describe().state]).toEqual([0, "idle"]);
    const answers = ["a", "b"].map((command) => transport.request(command, never()));
    await settled();
    expect([threads[0]?.commands, transport.describe().inFlight, transport.describe().waiting]).toEqual([["a"], 1, 1]);
    threads[0]?.answer("ok a");
    await settled();
    threads[0]?.answer("ok b");
    expect(await Promise.all(answers)).toEqual(["ok a", "ok b"]);
    expect([threads.length, transport.describe().state]).toEqual([1, "connected"]);
  });

  test("that wait are not carried out when their caller leaves", async () => {
    const { transport, threads } = transportOn();
    const first = transport.request("a", never());
    const controller = new AbortController();
    const second = transport.request("b", controller.signal);
    controller.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await settled();
    threads[0]?.answer("ok");
    await first;
    await settled();
    expect(threads[0]?.commands).toEqual(["a"]);
  });

  test("fail with 2005 when the database can't be opened, and the thread stays", async () => {
    const { transport, threads } = transportOn();
    const answer = transport.request("a", never());
    await settled();
    threads[0]?.fail(new Error("disk I/O error"));
    await expect(answer).rejects.toMatchObject({
      code: 2005,
      extraMessage: "/root/global.db can't be opened: disk I/O error",
    });
    expect(transport.describe()).toMatchObject({ state: "degraded", restarts: 0 });
    const next = transport.request("b", never());
    await settled();
    threads[0]?.answer("ok");
    expect(await next).toBe("ok");
    expect(transport.describe().state).toBe("connected");
  });

  test("of an import fail with 2003 and SQLite's reason", async () => {
    const { transport } = transportOn();
    await expect(transport.importAgents([], never())).rejects.toMatchObject({
      code: 2003,
      extraMessage: "UNIQUE constraint failed",
    });
  });

  test("beyond the bound are refused", async () => {
    const { transport } = transportOn({ waitingRequests: 1 });
    const outcome = Promise.allSettled([transport.request("a", never()), transport.request("b", never())]);
    await expect(transport.request("c", never())).rejects.toMatchObject({ code: 2007 });
    await transport.close();
    await outcome;
  });
});

describe("a thread that dies", () => {
  test("fails its command at once; the next one has another thread after the delay", async () => {
    const { transport, threads, clock } = transportOn({ firstRetryDelay: 100 });
    const lost = transport.request("a", never());
    await settled();
    threads[0]?.die(new Error("the thread ended (exit code 1)"));
    await expect(lost).rejects.toMatchObject({ code: 2007, extraMessage: expect.stringContaining("exit code 1") });
    expect(transport.describe().state).toBe("degraded");
    const next = transport.request("b", never());
    await settled();
    expect(threads.length).toBe(1);
    clock.advance(100);
    await settled();
    threads[1]?.answer("ok");
    expect(await next).toBe("ok");
    expect(transport.describe()).toMatchObject({ state: "connected", restarts: 1 });
  });

  test("while idle is replaced with the next command", async () => {
    const { transport, threads, clock } = transportOn();
    const first = transport.request("a", never());
    await settled();
    threads[0]?.answer("ok");
    await first;
    threads[0]?.die(new Error("gone"));
    await settled();
    const next = transport.request("b", never());
    clock.advance(200);
    await settled();
    expect(threads[0]?.commands).toEqual(["a"]);
    threads[1]?.answer("ok 2");
    expect(await next).toBe("ok 2");
  });

  test("keeps the commands that wait", async () => {
    const { transport, threads, clock } = transportOn();
    const lost = transport.request("a", never());
    const waiting = transport.request("b", never());
    await settled();
    threads[0]?.die(new Error("gone"));
    await expect(lost).rejects.toMatchObject({ code: 2007 });
    await settled();
    clock.advance(200);
    await settled();
    threads[1]?.answer("ok b");
    expect(await waiting).toBe("ok b");
  });

  test("again and again is given up, and says so", async () => {
    const { transport, threads, clock } = transportOn({ restartLimit: 3 });
    for (let round = 0; round < 3; round += 1) {
      const lost = transport.request("a", never());
      const outcome = expect(lost).rejects.toMatchObject({ code: 2007 });
      await settled();
      clock.advance(10_000);
      await settled();
      threads[round]?.die(new Error("broken library"));
      await outcome;
    }
    await expect(transport.request("a", never())).rejects.toMatchObject({
      code: 2005,
      extraMessage: expect.stringMatching(/failed 3 times in a row.*broken library.*start the node anew/),
    });
    expect([threads.length, transport.describe().state]).toEqual([3, "failed"]);
  });

  test("now and then is never given up", async () => {
    const { transport, threads, clock } = transportOn({ restartLimit: 2 });
    for (let round = 0; round < 6; round += 1) {
      const fine = transport.request("a", never());
      await settled();
      clock.advance(10_000);
      await settled();
      threads[round]?.answer("ok");
      await fine;
      threads[round]?.die(new Error("gone"));
      await settled();
    }
    expect(transport.describe()).toMatchObject({ restarts: 5, state: "degraded" });
  });

  test("that can't be started fails the command with 2005, and is tried again", async () => {
    const { transport, threads, clock, failStarts } = transportOn();
    failStarts(new Error("no memory"));
    await expect(transport.request("a", never())).rejects.toMatchObject({
      code: 2005,
      extraMessage: expect.stringContaining("no memory"),
    });
    failStarts(null);
    const next = transport.request("b", never());
    clock.advance(10_000);
    await settled();
    threads[0]?.answer("ok");
    expect(await next).toBe("ok");
  });
});

describe("a thread that is stuck", () => {
  test("is left to itself after the time, and another one is started", async () => {
    const { transport, threads, clock } = transportOn({ requestTimeout: 1000 });
    const stuck = transport.request("a", never());
    await settled();
    clock.advance(1000);
    await expect(stuck).rejects.toMatchObject({
      code: 2007,
      extraMessage: expect.stringContaining("no answer from the store's thread in 1000 ms"),
    });
    expect(threads[0]?.stopped).toBe(true);
    const next = transport.request("b", never());
    clock.advance(200);
    await settled();
    threads[0]?.answer("ok late");
    threads[1]?.answer("ok b");
    expect(await next).toBe("ok b");
  });
});

test("a stuck thread that comes back late does no harm to the one that took its place", async () => {
  const { transport, threads, clock } = transportOn({ requestTimeout: 1000 });
  const stuck = transport.request("a", never());
  await settled();
  clock.advance(1000);
  await expect(stuck).rejects.toMatchObject({ code: 2007 });
  const next = transport.request("b", never());
  clock.advance(200);
  await settled();
  threads[0]?.answer("ok late");
  await settled();
  threads[1]?.die(new Error("gone"));
  await expect(next).rejects.toMatchObject({ code: 2007, extraMessage: expect.stringContaining("gone") });
});

describe("closing", () => {
  test("closes the file and the thread, and fails what is under way and what waits", async () => {
    const { transport, threads, clock } = transportOn();
    const outcome = Promise.allSettled([transport.request("a", never()), transport.request("b", never())]);
    await settled();
    await transport.close();
    expect((await outcome).map((one) => one.status === "rejected" && String(one.reason))).toEqual(
      Array.from({ length: 2 }, () => "Error 2005 - Could not connect to wdb socket: the agent store was closed"),
    );
    expect([threads[0]?.closed, threads[0]?.stopped, transport.describe().state, clock.pending]).toEqual([
      true,
      true,
      "closed",
      0,
    ]);
    await expect(transport.request("c", never())).rejects.toMatchObject({ code: 2005 });
  });

  test("ends the wait for a restart", async () => {
    const { transport, threads, clock } = transportOn();
    const lost = transport.request("a", never());
    await settled();
    threads[0]?.die(new Error("gone"));
    await expect(lost).rejects.toMatchObject({ code: 2007 });
    const waiting = transport.request("b", never());
    await settled();
    await transport.close();
    await expect(waiting).rejects.toMatchObject({ code: 2005 });
    expect([threads.length, clock.pending]).toEqual([1, 0]);
  });

  test("twice, or before the first command, is no error", async () => {
    const { transport, threads } = transportOn();
    await transport.close();
    await transport.close();
    expect(threads.length).toBe(0);
  });
});
