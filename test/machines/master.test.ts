import { describe, expect, test } from "vitest";
import type { AnyEventObject, EventFrom } from "xstate";
import { master } from "../../machines/master.js";
import type { ReceivingEvent } from "../../machines/integritySync.js";
import { zlib414 } from "../../src/protocol/dialects/zlib414.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { NODE_SERVICES } from "../../machines/nodeServices.js";
import { CRASHES_ALLOWED } from "../../machines/supervision.js";
import { chartTests, expectRulesOnAnyWay } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";
import { numbered, type Move } from "../support/machineWalk.js";

type MasterEvent = EventFrom<typeof master>;

const IDENTITY = { nodeName: "master", clusterName: "wazuh", dialect: zip43, followsWorkers: false };
const HELLO = { nodeName: "worker-1", clusterName: "wazuh", nodeType: "worker", version: "4.3.0" };
const OUTCOME = { version: 4, files: 12, hashed: 1, problems: 0, changed: true };

const start = (children: "real" | "fake" = "fake") =>
  MachineRun.start(master, { input: (clock) => ({ ...withIntervals(clock), identity: IDENTITY }), children });
type Run = ReturnType<typeof start>;

async function upTo(
  state: "starting" | "running" | "draining",
  children: "real" | "fake" = "fake",
): Promise<{ readonly run: Run }> {
  const run = start(children);
  if (state !== "starting") await run.resolve("listen");
  if (state === "draining") await run.send({ type: "STOP_REQUESTED" });
  expect(run.state).toBe(state);
  run.forget();
  return { run };
}

const connect = (run: Run, peerId: string) =>
  run.send({ type: "PEER_CONNECTED", peerId, address: `10.0.0.${peerId.slice(-1)}` });

const hello = (run: Run, peerId: string, change: Partial<typeof HELLO> = {}, requestId = Number(peerId.slice(-1))) =>
  run.sendTo(peerId, { type: "HELLO_RECEIVED", requestId, hello: { ...HELLO, ...change } });

/** A running master with real children, and one admitted worker on peer-1. */
async function withWorker(): Promise<{ readonly run: Run }> {
  const { run } = await upTo("running", "real");
  await connect(run, "peer-1");
  await hello(run, "peer-1");
  expect(run.childState("peer-1")).toBe("connected");
  run.forget();
  return { run };
}

const names = (run: Run): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(run.context["peers"] as Record<string, { nodeName: string | null }>).map(([id, peer]) => [
      id,
      peer.nodeName,
    ]),
  );

describe("master: its life", () => {
  test("starts with listening", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("runs its helpers once it listens, and stops them when it drains", async () => {
    const run = start();
    await run.resolve("listen");
    await run.send({ type: "STOP_REQUESTED" });
    await run.resolve("drain");
    expect(run.script).toMatchSnapshot();
  });

  test("a port that is taken: failed, with the reason", async () => {
    const run = start();
    await run.reject("listen", new Error("listen EADDRINUSE 0.0.0.0:1516"));
    expect(run.script).toMatchSnapshot();
  });

  for (const state of ["starting", "running"] as const) {
    test(`something that the node can't do without is gone in ${state}: failed, with the reason`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "NODE_FAILED", error: new Error("the listener is gone") });
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a listener that goes while the node drains changes nothing", async () => {
    const { run } = await upTo("draining");
    await run.send({ type: "NODE_FAILED", error: new Error("the listener is gone") });
    await run.resolve("drain");
    expect(run.state).toBe("stopped");
    expect(run.context["lastError"]).toBeNull();
  });

  test("a stop while it starts to listen: drained", async () => {
    const { run } = await upTo("starting");
    await run.send({ type: "STOP_REQUESTED" });
    await run.resolve("drain");
    expect(run.script).toMatchSnapshot();
  });

  test("a second stop changes nothing", async () => {
    const { run } = await upTo("draining");
    await run.send({ type: "STOP_REQUESTED" });
    expect(run.state).toBe("draining");
  });

  test("connections that do not end in time do not hold up the stop", async () => {
    const { run } = await upTo("draining");
    await run.advance(INTERVALS.drainDeadline);
    expect(run.state).toBe("stopped");
    expect(run.asked.at(-1)).toMatchObject({ name: "drain", signal: { aborted: true } });
  });

  test("a drain that fails does not hold up the stop", async () => {
    const { run } = await upTo("draining");
    await run.reject("drain");
    expect(run.state).toBe("stopped");
  });

  test("a stopping master closes every connection, whatever its state", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    run.forget();
    await run.send({ type: "STOP_REQUESTED" });
    await run.resolve("peer-1/closeLink");
    await run.resolve("peer-2/closeLink");
    await run.resolve("drain");
    expect(run.script).toMatchSnapshot();
  });

  for (const state of ["starting", "draining"] as const) {
    test(`a link that comes in ${state} is dropped`, async () => {
      const { run } = await upTo(state);
      await connect(run, "peer-1");
      expect(run.context["peers"]).toEqual({});
      expect(run.script).toMatchSnapshot();
    });
  }
});

describe("master: admission", () => {
  test("a worker is listed with its address at once, with its name once it is admitted", async () => {
    const { run } = await upTo("running", "real");
    await connect(run, "peer-1");
    expect(run.context["peers"]).toEqual({ "peer-1": { address: "10.0.0.1", nodeName: null } });
    await hello(run, "peer-1");
    expect(run.context["peers"]).toEqual({ "peer-1": { address: "10.0.0.1", nodeName: "worker-1" } });
    expect(run.script).toMatchSnapshot();
  });

  for (const [code, change] of [
    [3029, { nodeName: "master" }],
    [3030, { clusterName: "other" }],
    [3031, { version: "4.2.0" }],
  ] as const) {
    test(`a hello that deserves ${String(code)} is answered with it; the peer is closed and unlisted`, async () => {
      const { run } = await upTo("running", "real");
      await connect(run, "peer-1");
      run.forget();
      await hello(run, "peer-1", change);
      await run.resolve("closeLink");
      expect(run.context["peers"]).toEqual({});
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a name in use by a worker that lives: 3028 for the newcomer, nothing for the worker", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    run.forget();
    await hello(run, "peer-2");
    await run.resolve("probe");
    await run.resolve("closeLink");
    expect(names(run)).toEqual({ "peer-1": "worker-1" });
    expect(run.script).toMatchSnapshot();
  });

  test("a name in use by a connection that is dead: the newcomer gets it, the old connection is closed", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    run.forget();
    await hello(run, "peer-2");
    await run.reject("probe", new Error("timeout expired"));
    expect(names(run)).toEqual({ "peer-1": null, "peer-2": "worker-1" });
    await run.resolve("closeLink");
    expect(names(run)).toEqual({ "peer-2": "worker-1" });
    expect(run.script).toMatchSnapshot();
  });

  test("two newcomers for one dead connection: the first gets the name, the second is refused", async () => {
    const { run } = await withWorker();
    for (const peerId of ["peer-2", "peer-3"]) {
      await connect(run, peerId);
      await hello(run, peerId);
    }
    await run.reject("probe");
    expect(names(run)).toEqual({ "peer-1": null, "peer-2": "worker-1", "peer-3": null });
    expect(run.childState("peer-2")).toBe("connected");
    expect(run.childState("peer-3")).toBe("closing");
  });

  test("a newcomer that is gone before the probe's end takes no name", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    await hello(run, "peer-2");
    await run.sendTo("peer-2", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    await run.reject("probe");
    expect(names(run)).toEqual({ "peer-1": "worker-1" });
    expect(run.childState("peer-1")).toBe("closing");
  });

  test("a worker that comes back while its old connection closes is admitted at once", async () => {
    const { run } = await withWorker();
    await run.sendTo("peer-1", { type: "CLOSE_REQUESTED", reason: "it is silent" });
    await connect(run, "peer-2");
    await hello(run, "peer-2");
    expect(run.childState("peer-2")).toBe("connected");
    expect(names(run)).toEqual({ "peer-1": null, "peer-2": "worker-1" });
  });

  test("a worker that comes back in the middle of a probe whose connection breaks is admitted", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    await hello(run, "peer-2");
    await run.sendTo("peer-1", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    expect(run.childState("peer-2")).toBe("connected");
    expect(names(run)).toEqual({ "peer-2": "worker-1" });
  });

  test("a worker that left can come again under its name", async () => {
    const { run } = await withWorker();
    await run.sendTo("peer-1", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    expect(names(run)).toEqual({});
    await connect(run, "peer-2");
    await hello(run, "peer-2");
    expect(names(run)).toEqual({ "peer-2": "worker-1" });
    expect(run.asked.some(({ name }) => name === "probe")).toBe(false);
  });

  test("workers with different names do not disturb each other", async () => {
    const { run } = await withWorker();
    for (const [peerId, nodeName] of [
      ["peer-2", "worker-2"],
      ["peer-3", "constructor"],
    ] as const) {
      await connect(run, peerId);
      await hello(run, peerId, { nodeName });
    }
    expect(names(run)).toEqual({ "peer-1": "worker-1", "peer-2": "worker-2", "peer-3": "constructor" });
  });

  test("a probe's end for a connection that has no name any more gives no name away", async () => {
    const { run } = await upTo("running", "real");
    await connect(run, "peer-1");
    await connect(run, "peer-2");
    await hello(run, "peer-2", { nodeName: "worker-2" });
    await run.send({ type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-2", alive: false });
    expect(names(run)).toEqual({ "peer-1": null, "peer-2": "worker-2" });
  });
});

describe("master: helpers", () => {
  test("the index that the indexer publishes is known to the master", async () => {
    const { run } = await upTo("running", "real");
    await run.resolve("indexFiles", OUTCOME);
    expect(run.context["index"]).toEqual(OUTCOME);
  });

  test("a worker that was silent for too long is found by the monitor's check, and dropped", async () => {
    const { run } = await withWorker();
    await run.advance(INTERVALS.checkWorkerLastKeepalive);
    expect(run.childState("peer-1")).toBe("connected");
    await run.advance(2 * INTERVALS.checkWorkerLastKeepalive);
    expect(run.childState("peer-1")).toBe("closing");
    await run.resolve("closeLink");
    expect(run.context["peers"]).toEqual({});
  });

  test("the checks reach every peer, admitted or not", async () => {
    const { run } = await upTo("running");
    await connect(run, "peer-1");
    await connect(run, "peer-2");
    run.forget();
    await run.send({ type: "KEEPALIVE_CHECK_DUE" });
    expect(run.script).toMatchSnapshot();
  });

  for (const helper of ["integrityIndexer", "keepaliveMonitor"]) {
    test(`${helper} is started again when it crashed, later each time; the sixth crash is the node's end`, async () => {
      const { run } = await upTo("running");
      for (const delay of [100, 200, 400, 800, 1600]) {
        await run.crash(helper);
        await run.advance(delay - 1);
        expect(run.childState(helper)).toBeUndefined();
        await run.advance(1);
        expect(run.childState(helper)).toBe("stood in for");
      }
      run.forget();
      await run.crash(helper);
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the work of a helper that crashed is cancelled", async () => {
    const run = start("real");
    run.breakAction("integrityIndexer", "log");
    await run.resolve("listen");
    run.mendAction("integrityIndexer", "log");
    await run.nextTimer();
    expect(run.childState("integrityIndexer")).toBe("indexing");
    expect(run.open.filter(({ name }) => name === "indexFiles")).toHaveLength(1);
  });

  test("a restart that is due when the master drains starts nothing", async () => {
    const { run } = await upTo("running");
    await run.crash("integrityIndexer");
    await run.send({ type: "STOP_REQUESTED" });
    await run.advance(100);
    expect([...run.childStates.keys()].sort()).toEqual([...NODE_SERVICES].sort());
  });
});

describe("master: crashes of peers", () => {
  test("a connection that crashes is dropped and unlisted; the others and the node go on", async () => {
    const { run } = await withWorker();
    await connect(run, "peer-2");
    await hello(run, "peer-2", { nodeName: "worker-2" });
    run.breakAction("peer-1", "log").forget();
    await run.sendTo("peer-1", { type: "CLOSE_REQUESTED", reason: "an operator asks" });
    await run.sendTo("peer-1", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    expect(names(run)).toEqual({ "peer-2": "worker-2" });
    expect(run.state).toBe("running");
    expect(run.script).toMatchSnapshot();
  });

  test("what a connection that crashed had running is ended, down to the last work", async () => {
    const { run } = await withWorker();
    await run.sendTo("peer-1", {
      type: "PEER_ASKED",
      to: "agentInfoSync",
      event: { type: "STRING_ANNOUNCED", requestId: 11, stringId: "4711" },
    });
    run.breakAction("peer-1", "answer");
    await run.sendTo("peer-1", { type: "HELLO_RECEIVED", requestId: 12, hello: HELLO });
    expect(names(run)).toEqual({});
    expect(run.asked.find(({ name }) => name === "storeChunks")?.signal.aborted).toBe(true);
  });

  test("a name whose connection crashed is free at once", async () => {
    const { run } = await withWorker();
    run.breakAction("peer-1", "log");
    await run.sendTo("peer-1", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    run.mendAction("peer-1", "log");
    await connect(run, "peer-2");
    await hello(run, "peer-2");
    expect(names(run)).toEqual({ "peer-2": "worker-1" });
  });

  test("a check in the moment in which a connection ends disturbs nothing", async () => {
    const { run } = await withWorker();
    await run.sendTo("peer-1", { type: "LINK_CLOSED", reason: "ECONNRESET" });
    await run.send({ type: "KEEPALIVE_CHECK_DUE" });
    expect(run.state).toBe("running");
  });
});

describe("master: services", () => {
  test("a service that crashes is let go of and started anew after a delay", async () => {
    const run = start();
    run.forget();
    await run.crash("dapiQueue");
    await run.nextTimer();
    expect(run.childState("dapiQueue")).toBeDefined();
    expect(run.script).toMatchSnapshot();
  });

  test("one that keeps crashing ends the node", async () => {
    const run = start();
    for (let crash = 0; crash <= CRASHES_ALLOWED; crash += 1) {
      await run.crash("localServer");
      if (run.state !== "failed") await run.nextTimer();
    }
    expect(run.state).toBe("failed");
  });
});

describe("master", () => {
  const EVENTS: readonly MasterEvent[] = [
    { type: "INDEX_FAILED" },
    { type: "GROUPS_COLLECTED", batch: 1 },
    { type: "PEER_CONNECTED", peerId: "peer-1", address: "10.0.0.1" },
    { type: "PEER_ADMITTED", peerId: "peer-1", nodeName: "worker-1" },
    { type: "PEER_CLOSED", peerId: "peer-1", nodeName: "worker-1" },
    { type: "INDEX_PUBLISHED", outcome: OUTCOME },
    { type: "KEEPALIVE_CHECK_DUE" },
    { type: "NODE_FAILED", error: new Error("the listener is gone") },
    { type: "STOP_REQUESTED" },
    { type: "xstate.error.actor.stray", error: new Error("stray"), actorId: "stray" },
    { type: "SERVICE_RESTART_DUE", service: "dapiQueue" },
  ];

  chartTests(master, {
    start,
    resting: ["starting", "running", "stopped", "failed"],
    patience: INTERVALS.drainDeadline,
    events: EVENTS,
    crashing: ["integrityIndexer", "peer-1"],
    more: (run) => {
      const { peers } = run.context as { peers: Record<string, unknown> };
      if (!("peer-1" in peers)) return [];
      return [
        {
          name: "peer-1 asks for admission",
          make: (next: Run) => next.send({ type: "ADMISSION_ASKED", peerId: "peer-1", hello: HELLO }),
        },
        {
          name: "peer-1 is probed",
          make: (next: Run) => next.send({ type: "PEER_PROBED", peerId: "peer-1", newcomer: "peer-2", alive: true }),
        },
      ];
    },
    outline: ({ peers, crashes }) => [
      peers,
      (crashes as Record<string, readonly number[]>)["integrityIndexer"]?.length ?? 0,
    ],
  });

  test("without a setting it speaks what its first worker speaks, and collects groups from then on", async () => {
    const run = MachineRun.start(master, {
      input: (clock) => ({ ...withIntervals(clock), identity: { ...IDENTITY, followsWorkers: true } }),
      children: "fake",
    });
    await run.resolve("listen");
    await run.send({ type: "PEER_CONNECTED", peerId: "peer-1", address: "10.0.0.1" });
    await run.send({ type: "ADMISSION_ASKED", peerId: "peer-1", hello: { ...HELLO, version: "4.14.7" } });
    expect(run.context).toMatchObject({ identity: { dialect: zlib414 }, peers: { "peer-1": { nodeName: "worker-1" } } });
    expect([...run.childStates.keys()]).toContain("agentGroupsCollect");
    await run.send({ type: "PEER_CONNECTED", peerId: "peer-2", address: "10.0.0.2" });
    await run.send({ type: "ADMISSION_ASKED", peerId: "peer-2", hello: { ...HELLO, nodeName: "worker-2" } });
    expect(run.context).toMatchObject({ peers: { "peer-2": { nodeName: null } } });
  });

  test("with real peers and processes, any long way keeps the rules", async () => {
    const receiving: readonly ReceivingEvent[] = [
      { type: "PERMISSION_ASKED", requestId: 0 },
      { type: "TASK_REQUESTED", requestId: 0, taskId: "task-1" },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: "a.zip", received: true },
    ];
    const ofPeer = (peerId: string): Move<typeof master>[] => {
      const events: readonly AnyEventObject[] = [
        { type: "HELLO_RECEIVED", requestId: 0, hello: HELLO },
        { type: "KEEPALIVE_RECEIVED" },
        { type: "LINK_CLOSED", reason: "ECONNRESET" },
        ...receiving.map((event) => ({ type: "PEER_ASKED", to: "integritySync", event })),
      ];
      return events.map((event) => ({
        name: `${peerId}: ${event.type}`,
        make: (next) => next.sendTo(peerId, numbered(event, next.steps.length)),
      }));
    };
    await expectRulesOnAnyWay(
      {
        start: () => start("real"),
        events: [],
        outcomes: {
          indexFiles: [OUTCOME],
          readPeerIndex: [{ files: 1 }],
          compareIndexes: [{ counts: { missing: 0, shared: 0, extra: 0, extraValid: 0 } }],
        },
        more: (run) => {
          if (run.state !== "running") return [];
          const newcomer = `peer-${String(run.steps.length)}`;
          const listed = Object.keys(run.context["peers"] as object);
          return [
            { name: `${newcomer} connects`, make: (next: Run) => connect(next, newcomer) },
            ...listed.flatMap(ofPeer),
          ];
        },
      },
      { ways: 60, moves: 80 },
    );
  });
});
