import { describe, expect, test } from "vitest";
import type { EventFrom } from "xstate";
import type { ReceivingEvent } from "../../machines/integritySync.js";
import { workerPeer } from "../../machines/workerPeer.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { zlib414 } from "../../src/protocol/dialects/zlib414.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { chartTests, expectRulesOnAnyWay } from "../support/machineChart.js";
import { INTERVALS, ofPeer } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

type PeerEvent = EventFrom<typeof workerPeer>;

const HELLO = { nodeName: "worker-1", clusterName: "wazuh", nodeType: "worker", version: "4.3.0" };
const LONG = INTERVALS.maxAllowedTimeWithoutKeepalive;

const start = (children: "real" | "fake" = "fake") =>
  MachineRun.start(workerPeer, { input: (clock) => ({ ...ofPeer(clock), address: "10.0.0.1" }), children });
type Run = ReturnType<typeof start>;

async function upTo(
  state: "handshaking" | "greeted" | "connected" | "closing",
  children: "real" | "fake" = "fake",
): Promise<{ readonly run: Run }> {
  const run = start(children);
  if (state !== "handshaking") await run.send({ type: "HELLO_RECEIVED", requestId: 901, hello: HELLO });
  if (state === "connected" || state === "closing") await run.send({ type: "ADMITTED", rules: zip43.rules });
  if (state === "closing") await run.send({ type: "CLOSE_REQUESTED", reason: "this node is stopping" });
  expect(run.state).toBe(state === "greeted" ? "handshaking" : state);
  run.forget();
  return { run };
}

const permission = (to: "integritySync" | "extraValidSync" | "agentInfoSync", requestId: number): PeerEvent =>
  ({ type: "PEER_ASKED", to, event: { type: "PERMISSION_ASKED", requestId } });

describe("workerPeer: handshake", () => {
  test("starts with waiting for a hello", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a hello that the master admits", async () => {
    const run = start();
    await run.advance(50);
    await run.send({ type: "HELLO_RECEIVED", requestId: 1, hello: HELLO });
    await run.advance(50);
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    expect(run.script).toMatchSnapshot();
  });

  for (const code of [3028, 3029, 3030, 3031]) {
    test(`a hello that the master refuses with ${String(code)}: answered, closed and released`, async () => {
      const { run } = await upTo("greeted");
      await run.send({ type: "REFUSED", error: MusterError.cluster(code) });
      await run.resolve("closeLink");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a hello that is none: answered, closed", async () => {
    const run = start();
    await run.send({ type: "HELLO_REJECTED", requestId: 1, error: MusterError.internal(1000, "hello has 4 words") });
    expect(run.script).toMatchSnapshot();
  });

  test("no hello comes in time", async () => {
    const run = start();
    await run.advance(INTERVALS.helloTimeout);
    await run.resolve("closeLink");
    expect(run.script).toMatchSnapshot();
  });

  test("the master has not decided when the time is up: the hello is answered all the same", async () => {
    const { run } = await upTo("greeted");
    await run.advance(INTERVALS.helloTimeout);
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    await run.send({ type: "REFUSED", error: MusterError.cluster(3028) });
    expect(run.state).toBe("closing");
    expect(run.script).toMatchSnapshot();
  });

  test("a second hello before the first is decided on: refused, and the first one counts", async () => {
    const { run } = await upTo("greeted");
    await run.send({ type: "HELLO_RECEIVED", requestId: 1, hello: { ...HELLO, nodeName: "worker-2" } });
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    expect(run.script).toMatchSnapshot();
    expect(run.context["nodeName"]).toBe("worker-1");
  });

  test("a broken second hello before the first is decided on: both are answered, the connection is closed", async () => {
    const { run } = await upTo("greeted");
    await run.send({ type: "HELLO_REJECTED", requestId: 1, error: MusterError.internal(1000, "hello has 4 words") });
    expect(run.answers.map(({ requestId, command }) => [requestId, command])).toEqual([
      [1, "err"],
      [901, "err"],
    ]);
  });

  test("a second hello of a connected worker is refused, and ends nothing", async () => {
    const { run } = await upTo("connected");
    await run.send({ type: "HELLO_RECEIVED", requestId: 1, hello: { ...HELLO, nodeName: "worker-2" } });
    await run.send({ type: "HELLO_REJECTED", requestId: 2, error: MusterError.internal(1000, "hello has 4 words") });
    expect(run.state).toBe("connected");
    expect(run.script).toMatchSnapshot();
  });

  test("a verdict that nobody waits for is not heard", async () => {
    const run = start();
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    await run.send({ type: "REFUSED", error: MusterError.cluster(3028) });
    expect(run.state).toBe("handshaking");
    expect(run.answers).toEqual([]);
  });

  test("requests before the hello are refused", async () => {
    const run = start();
    await run.send(permission("integritySync", 1));
    await run.send(permission("agentInfoSync", 2));
    expect(run.script).toMatchSnapshot();
  });
});

describe("workerPeer: switchboard", () => {
  test("passes what the worker asks to the process that it concerns", async () => {
    const { run } = await upTo("connected");
    await run.send(permission("integritySync", 1));
    await run.send(permission("extraValidSync", 2));
    await run.send(permission("agentInfoSync", 3));
    await run.send({ type: "PEER_ASKED", to: "integritySync", event: { type: "TRANSFER_PROGRESSED", bytes: 5 } });
    expect(run.script).toMatchSnapshot();
  });

  test("the three processes are free or busy each for itself", async () => {
    const { run } = await upTo("connected", "real");
    await run.send({
      type: "PEER_ASKED",
      to: "integritySync",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    await run.send(permission("integritySync", 2));
    await run.send(permission("extraValidSync", 3));
    await run.send(permission("agentInfoSync", 4));
    expect(run.answers.slice(-3).map(({ payload }) => payload)).toEqual(["False", "True", "True"]);
  });

  test("closing ends the work of every process", async () => {
    const { run } = await upTo("connected", "real");
    await run.send({
      type: "PEER_ASKED",
      to: "agentInfoSync",
      event: { type: "STRING_ANNOUNCED", requestId: 1, stringId: "4711" },
    });
    run.forget();
    await run.send({ type: "CLOSE_REQUESTED", reason: "this node is stopping" });
    expect(run.script).toMatchSnapshot();
  });

  test("a process is no more there when the connection closes: requests are refused", async () => {
    const { run } = await upTo("closing");
    await run.send(permission("integritySync", 1));
    await run.send({ type: "HELLO_RECEIVED", requestId: 2, hello: HELLO });
    await run.send({ type: "HELLO_REJECTED", requestId: 3, error: MusterError.internal(1000, "hello has 4 words") });
    await run.send({ type: "PEER_ASKED", to: "integritySync", event: { type: "TRANSFER_PROGRESSED", bytes: 5 } });
    expect(run.script).toMatchSnapshot();
  });
});

describe("workerPeer: keepalives", () => {
  test("a worker that is heard of in time stays", async () => {
    const { run } = await upTo("connected");
    for (let round = 0; round < 3; round += 1) {
      await run.advance(LONG);
      await run.send({ type: "KEEPALIVE_CHECK" });
      await run.send({ type: "KEEPALIVE_RECEIVED" });
    }
    expect(run.state).toBe("connected");
    expect(run.context).toMatchObject({ lastKeepaliveMonotonic: 3 * LONG });
  });

  test("a worker that was silent for too long is dropped", async () => {
    const { run } = await upTo("connected");
    await run.advance(LONG);
    await run.send({ type: "KEEPALIVE_CHECK" });
    await run.advance(1);
    await run.send({ type: "KEEPALIVE_CHECK" });
    await run.resolve("closeLink");
    expect(run.script).toMatchSnapshot();
  });

  test("the time before the hello does not count as silence", async () => {
    const run = start();
    await run.advance(INTERVALS.helloTimeout - 1);
    await run.send({ type: "HELLO_RECEIVED", requestId: 1, hello: HELLO });
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    await run.advance(LONG);
    await run.send({ type: "KEEPALIVE_CHECK" });
    expect(run.state).toBe("connected");
  });

  test("checks of a connection that is not connected do nothing", async () => {
    const { run } = await upTo("greeted");
    await run.send({ type: "KEEPALIVE_RECEIVED" });
    await run.send({ type: "KEEPALIVE_CHECK" });
    expect(run.state).toBe("handshaking");
  });
});

describe("workerPeer: probes", () => {
  const probe = (newcomer: string): PeerEvent => ({ type: "PROBE_REQUESTED", newcomer });

  test("a worker that answers the probe keeps its name", async () => {
    const { run } = await upTo("connected");
    await run.send(probe("peer-2"));
    await run.resolve("probe");
    expect(run.script).toMatchSnapshot();
  });

  test("a worker that does not answer gives its name away and is closed", async () => {
    const { run } = await upTo("connected");
    await run.send(probe("peer-2"));
    await run.reject("probe", new Error("timeout expired"));
    expect(run.script).toMatchSnapshot();
  });

  test("one probe after the other", async () => {
    const { run } = await upTo("connected");
    for (const newcomer of ["peer-2", "peer-3"]) {
      await run.send(probe(newcomer));
      await run.resolve("probe");
    }
    expect(run.told.slice(-2)).toEqual([
      { type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-2", alive: true },
      { type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-3", alive: true },
    ]);
  });

  test("a second newcomer during a probe is told at once that the name is taken", async () => {
    const { run } = await upTo("connected");
    await run.send(probe("peer-2"));
    await run.send(probe("peer-3"));
    await run.reject("probe");
    expect(run.told.filter(({ type }) => type === "PEER_PROBED")).toEqual([
      { type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-3", alive: true },
      { type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-2", alive: false },
    ]);
  });

  test("a newcomer that comes while this connection closes gets the name at once", async () => {
    const { run } = await upTo("closing");
    await run.send(probe("peer-2"));
    expect(run.script).toMatchSnapshot();
  });

  const ends: readonly (readonly [string, (run: Run) => Promise<unknown>])[] = [
    ["the link is lost", (run) => run.send({ type: "LINK_CLOSED", reason: "ECONNRESET" })],
    ["the connection is closed", (run) => run.send({ type: "CLOSE_REQUESTED", reason: "an operator asks" })],
    [
      "the worker counts as silent",
      async (run) => {
        await run.advance(LONG + 1);
        await run.send({ type: "KEEPALIVE_CHECK" });
      },
    ],
  ];
  test.each(ends)("%s during a probe: the newcomer gets the name, once", async (_, end) => {
    const { run } = await upTo("connected");
    await run.send(probe("peer-2"));
    await end(run);
    expect(run.asked.find(({ name }) => name === "probe")?.signal.aborted).toBe(true);
    expect(run.told.filter(({ type }) => type === "PEER_PROBED")).toEqual([
      { type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-2", alive: false },
    ]);
  });
});

describe("workerPeer: crashes of its processes", () => {
  test("a process that crashed is started again, later each time; the sixth crash closes the connection", async () => {
    const { run } = await upTo("connected");
    for (const delay of [100, 200, 400, 800, 1600]) {
      await run.crash("integritySync", new Error("undefined is not a function"));
      await run.advance(delay - 1);
      expect(run.childState("integritySync")).toBeUndefined();
      await run.advance(1);
      expect(run.childState("integritySync")).toBe("stood in for");
    }
    await run.crash("integritySync", new Error("undefined is not a function"));
    expect(run.state).toBe("closing");
    expect(run.script).toMatchSnapshot();
  });

  test("crashes that lie far apart never close the connection", async () => {
    const { run } = await upTo("connected");
    for (let crash = 0; crash < 20; crash += 1) {
      await run.crash("agentInfoSync");
      await run.advance(60_000);
      await run.send({ type: "KEEPALIVE_RECEIVED" });
    }
    expect(run.state).toBe("connected");
    expect(run.childState("agentInfoSync")).toBe("stood in for");
  });

  test("the crashes of one process are not those of another", async () => {
    const { run } = await upTo("connected");
    for (const child of ["integritySync", "extraValidSync", "agentInfoSync"]) {
      for (let crash = 0; crash < 3; crash += 1) {
        await run.crash(child);
        await run.advance(1000);
      }
    }
    expect(run.state).toBe("connected");
    expect([...run.childStates.keys()].sort()).toEqual(["agentInfoSync", "extraValidSync", "integritySync"]);
  });

  test("while a process is being restarted its requests are refused, those of the others are not", async () => {
    const { run } = await upTo("connected");
    await run.crash("integritySync");
    run.forget();
    await run.send(permission("integritySync", 1));
    await run.send({ type: "PEER_ASKED", to: "integritySync", event: { type: "TRANSFER_PROGRESSED", bytes: 5 } });
    await run.send(permission("agentInfoSync", 2));
    await run.nextTimer();
    await run.send(permission("integritySync", 3));
    expect(run.script).toMatchSnapshot();
  });

  test("a process that crashes at the end of its round is free once it is started again", async () => {
    const { run } = await upTo("connected", "real");
    await run.send({
      type: "PEER_ASKED",
      to: "agentInfoSync",
      event: { type: "STRING_ANNOUNCED", requestId: 1, stringId: "4711" },
    });
    run.breakAction("agentInfoSync", "log").forget();
    await run.resolve("storeChunks", { updatedChunks: 1, errorMessages: [] });
    await run.resolve("reportOutcome");
    run.mendAction("agentInfoSync", "log");
    await run.nextTimer();
    expect(run.childState("agentInfoSync")).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("a process that crashes in the middle of its work takes the work with it", async () => {
    const { run } = await upTo("connected", "real");
    await run.send({
      type: "PEER_ASKED",
      to: "integritySync",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    await run.send({
      type: "PEER_ASKED",
      to: "integritySync",
      event: { type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-1", path: "w.zip", received: true },
    });
    run.breakAction("integritySync", "discardFile");
    await run.send({
      type: "PEER_ASKED",
      to: "integritySync",
      event: { type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-9", path: "w.zip", received: true },
    });
    expect(run.childState("integritySync")).toBeUndefined();
    expect(run.asked.map(({ name, signal }) => [name, signal.aborted])).toEqual([["readPeerIndex", true]]);
  });

  test("a process that can't even start closes the connection after the last attempt", async () => {
    const run = start("real");
    run.breakAction("integritySync", "discardWork");
    await run.send({ type: "HELLO_RECEIVED", requestId: 1, hello: HELLO });
    await run.send({ type: "ADMITTED", rules: zip43.rules });
    for (let attempt = 0; attempt < 5; attempt += 1) await run.nextTimer();
    expect(run.state).toBe("closing");
  });

  test("a restart that is due after the connection closed starts nothing", async () => {
    const { run } = await upTo("connected");
    await run.crash("integritySync");
    await run.send({ type: "CLOSE_REQUESTED", reason: "this node is stopping" });
    await run.advance(100);
    expect(run.state).toBe("closing");
    expect(run.childStates.size).toBe(0);
  });
});

describe("workerPeer: the end", () => {
  for (const state of ["handshaking", "greeted", "connected", "closing"] as const) {
    test(`the link is lost in ${state}: closed and released at once`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "LINK_CLOSED", reason: "ECONNRESET" });
      expect(run.script).toMatchSnapshot();
    });

    test(`a close is requested in ${state}: what is queued is sent, then the link is closed`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "CLOSE_REQUESTED", reason: "an operator asks" });
      expect(run.state).toBe("closing");
      await run.resolve("closeLink");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a link that can't be closed well is closed all the same", async () => {
    const { run } = await upTo("closing");
    await run.reject("closeLink");
    expect(run.state).toBe("closed");
  });

  test("a link that does not take what is queued is closed after the deadline", async () => {
    const { run } = await upTo("closing");
    await run.advance(INTERVALS.closeDeadline);
    expect(run.state).toBe("closed");
    expect(run.asked.find(({ name }) => name === "closeLink")?.signal.aborted).toBe(true);
  });

  test("the first reason is the one that is told", async () => {
    const { run } = await upTo("closing");
    await run.send({ type: "CLOSE_REQUESTED", reason: "another reason" });
    await run.send({ type: "LINK_CLOSED", reason: "ECONNRESET" });
    expect(run.context["closeReason"]).toBe("this node is stopping");
  });
});

describe("workerPeer", () => {
  const EVENTS: readonly PeerEvent[] = [
    { type: "INDEX_CYCLE" },
    { type: "GROUPS_COLLECTED", batch: 1 },
    { type: "HELLO_RECEIVED", requestId: 0, hello: HELLO },
    { type: "HELLO_REJECTED", requestId: 0, error: MusterError.internal(1000, "hello has 4 words") },
    { type: "ADMITTED", rules: zip43.rules },
    { type: "REFUSED", error: MusterError.cluster(3028) },
    { type: "KEEPALIVE_RECEIVED" },
    { type: "KEEPALIVE_CHECK" },
    { type: "PROBE_REQUESTED", newcomer: "peer-2" },
    permission("integritySync", 0),
    { type: "PEER_ASKED", to: "integritySync", event: { type: "TRANSFER_PROGRESSED", bytes: 5 } },
    { type: "CLOSE_REQUESTED", reason: "an operator asks" },
    { type: "LINK_CLOSED", reason: "ECONNRESET" },
    { type: "xstate.error.actor.stray", error: new Error("stray"), actorId: "stray" },
  ];
  const isSilent = ({ time, context }: Run): boolean =>
    time.now() - (context["lastKeepaliveMonotonic"] as number) > LONG;
  const silence = (run: Run) =>
    isSilent(run) ? [] : [{ name: "a long time", make: (next: Run) => next.advance(LONG + 1) }];

  chartTests(workerPeer, {
    start,
    resting: ["connected", "closed"],
    patience: INTERVALS.helloTimeout + INTERVALS.closeDeadline,
    events: EVENTS,
    crashing: ["integritySync"],
    more: silence,
    outline: ({ hello, helloRequestId, newcomer, crashes, lastKeepaliveMonotonic }) => {
      const count = (crashes as Record<string, readonly number[]>)["integritySync"]?.length ?? 0;
      return [hello === null, helloRequestId === null, newcomer, count, lastKeepaliveMonotonic === 0];
    },
  });

  test("of dialect 4.14 it has a process that sends groups, and none that takes them", async () => {
    const run = start();
    await run.send({ type: "HELLO_RECEIVED", requestId: 901, hello: HELLO });
    await run.send({ type: "ADMITTED", rules: zlib414.rules });
    expect([...run.childStates.keys()].sort()).toEqual(["agentGroupsSend", "agentInfoSync", "integritySync"]);
  });

  test("with its real processes, any long way keeps the rules", async () => {
    const receiving = (event: ReceivingEvent): PeerEvent[] => [
      { type: "PEER_ASKED", to: "integritySync", event },
      { type: "PEER_ASKED", to: "extraValidSync", event },
    ];
    const counts = { missing: 1, shared: 0, extra: 0, extraValid: 0 };
    await expectRulesOnAnyWay(
      {
        start: () => start("real"),
        events: [
          { type: "HELLO_RECEIVED", requestId: 0, hello: HELLO },
          { type: "ADMITTED", rules: zip43.rules },
          { type: "PROBE_REQUESTED", newcomer: "peer-2" },
          { type: "KEEPALIVE_CHECK" },
          { type: "KEEPALIVE_RECEIVED" },
          ...receiving({ type: "PERMISSION_ASKED", requestId: 0 }),
          ...receiving({ type: "TASK_REQUESTED", requestId: 0, taskId: "task-1" }),
          ...receiving({ type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: "a.zip", received: true }),
          ...receiving({ type: "ERROR_REPORTED", requestId: 0, taskId: null, message: "no space" }),
          permission("agentInfoSync", 0),
          { type: "PEER_ASKED", to: "agentInfoSync", event: { type: "STRING_ANNOUNCED", requestId: 0, stringId: "1" } },
        ],
        outcomes: {
          readPeerIndex: [{ files: 1 }],
          compareIndexes: [{ counts }, { counts: { ...counts, missing: 0 } }],
          packDifference: [{ path: "b.zip", files: 1, bytes: 2, counts }],
          requestTask: [{ taskId: "worker-task" }],
          sendArchive: [{ bytes: 2 }],
          openArchive: [{ parts: 1 }],
          applyGroups: [{ written: 1, skipped: 0, unknownAgents: [] }],
          storeChunks: [{ updatedChunks: 1, errorMessages: [] }],
        },
      },
      { ways: 60, moves: 60 },
    );
  });
});
