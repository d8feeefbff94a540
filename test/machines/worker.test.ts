import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { EventFrom } from "xstate";
import { worker } from "../../machines/worker.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { NODE_SERVICES } from "../../machines/nodeServices.js";
import { chartTests, expectRulesOnAnyWay } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

type WorkerEvent = EventFrom<typeof worker>;

const INDEXED = { version: 4, files: 12, hashed: 1, problems: 0, changed: true };
const COUNTS = { missing: 3, shared: 2, extra: 1, extraValid: 1 };
const APPLIED = { created: 3, overwritten: 2, deleted: 1, problems: 0, extraValid: ["queue/agent-groups/001"] };
/** The part of its interval by which the retry is spread, at most. */
const JITTER = 0.2;
const PROCESSES = ["keepalive", "integrityCheck", "integrityApply", "extraValidSend", "agentInfoSend"];

/** `random`: what the worker draws; one half is no jitter at all. */
const start = (children: "real" | "fake" = "fake", random = () => 0.5, announces = false) =>
  MachineRun.start(worker, {
    input: (clock) => ({ ...withIntervals(clock), rules: zip43.rules, nodeName: "worker-1", random, announces }),
    children,
  });
type Run = ReturnType<typeof start>;

const LEAD: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["disconnected", (run) => run.send({ type: "STARTED" })],
  ["connecting", (run) => run.resolve("connect")],
  ["handshaking", (run) => run.resolve("sayHello")],
  ["connected", (run) => run.send({ type: "LINK_CLOSED", reason: "the master closed the connection" })],
  ["waitingToReconnect", (run) => run.send({ type: "STOP_REQUESTED" })],
  ["draining", (run) => run.resolve("closeLink")],
];
const STATES = LEAD.map(([state]) => state);

async function upTo(state: string, children: "real" | "fake" = "fake"): Promise<{ readonly run: Run }> {
  const run = start(children);
  for (const [reached, step] of LEAD) {
    if (reached === state) break;
    await step(run);
  }
  expect(run.state).toBe(state);
  run.forget();
  return { run };
}

const masterAsks = (requestId: number): readonly WorkerEvent[] => [
  {
    type: "MASTER_ASKED",
    to: "integrityApply",
    event: { type: "TASK_REQUESTED", requestId, taskId: "task-1" },
  },
  { type: "MASTER_ASKED", to: "integrityCheck", event: { type: "VERDICT_IN_STEP", requestId: requestId + 1 } },
  {
    type: "MASTER_ASKED",
    to: "agentInfoSend",
    event: { type: "RESULT_FAILED", requestId: requestId + 2, message: "Error 3036" },
  },
  { type: "MASTER_ASKED", to: "integrityApply", event: { type: "TRANSFER_PROGRESSED", bytes: 5 } },
];

describe("worker: connecting", () => {
  test("starts disconnected, and does nothing by itself", async () => {
    const run = start();
    expect(run.beginning).toMatchSnapshot();
    await run.advance(1_000_000);
    expect(run.state).toBe("disconnected");
  });

  test("connects, says hello, and starts its processes", async () => {
    const run = start();
    for (const [, step] of LEAD.slice(0, 3)) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("the master can't be reached: tried again and again, each attempt counted", async () => {
    const { run } = await upTo("connecting");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await run.reject("connect", new Error("connect ECONNREFUSED 10.0.0.1:1516"));
      await run.advance(INTERVALS.connectionRetry);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("the master takes no connection in time: given up, released and tried again", async () => {
    const { run } = await upTo("connecting");
    await run.advance(INTERVALS.connectDeadline);
    expect(run.script).toMatchSnapshot();
  });

  for (const code of [3028, 3029, 3030, 3031]) {
    test(`the master refuses the hello with ${String(code)}: tried again later, with the error kept`, async () => {
      const { run } = await upTo("handshaking");
      await run.reject("sayHello", MusterError.cluster(code));
      expect(run.context).toMatchObject({ lastError: { code, step: "handshaking" } });
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the master does not answer the hello in time: given up, released and tried again", async () => {
    const { run } = await upTo("handshaking");
    await run.advance(INTERVALS.connectDeadline);
    expect(run.script).toMatchSnapshot();
  });

  test("a good connection forgets attempts and errors before it", async () => {
    const { run } = await upTo("connecting");
    await run.reject("connect");
    await run.advance(INTERVALS.connectionRetry);
    await run.resolve("connect");
    await run.resolve("sayHello");
    expect(run.context).toMatchObject({ attempts: 0, lastError: null });
  });
});

describe("worker: reconnecting", () => {
  test("a lost connection ends every process, is released, and is opened anew", async () => {
    const { run } = await upTo("connected");
    await run.send({ type: "LINK_CLOSED", reason: "read ECONNRESET" });
    await run.advance(INTERVALS.connectionRetry);
    await run.resolve("connect");
    await run.resolve("sayHello");
    expect([...run.childStates.keys()].sort()).toEqual([...PROCESSES, ...NODE_SERVICES].sort());
    expect(run.script).toMatchSnapshot();
  });

  test("a lost connection ends the work that runs on it", async () => {
    const { run } = await upTo("connected", "real");
    await run.advance(INTERVALS.syncIntegrity);
    await run.resolve("indexFiles", INDEXED);
    await run.send({ type: "LINK_CLOSED", reason: "read ECONNRESET" });
    expect(run.open).toEqual([]);
    expect(run.asked.at(-1)).toMatchObject({ name: "askPermission", signal: { aborted: true } });
  });

  test("the retry is spread around its interval, by no more than its jitter", async () => {
    const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const spread = fc.asyncProperty(draws, async (drawn) => {
      const run = start("fake", () => drawn);
      await run.send({ type: "STARTED" });
      await run.reject("connect");
      const wait = run.context["retryIn"] as number;
      expect(Math.abs(wait - INTERVALS.connectionRetry)).toBeLessThanOrEqual(JITTER * INTERVALS.connectionRetry);
      await run.advance(wait - 1);
      expect(run.state).toBe("waitingToReconnect");
      await run.advance(1);
      expect(run.state).toBe("connecting");
    });
    await fc.assert(spread, { numRuns: 30 });
  });

  test("each wait is drawn anew", async () => {
    const draws = [0, 0.9, 0.25];
    const run = start("fake", () => draws.shift() ?? 0.5);
    await run.send({ type: "STARTED" });
    const waits: unknown[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await run.reject("connect");
      waits.push(run.context["retryIn"]);
      await run.nextTimer();
    }
    expect(waits).toEqual([8000, 11_600, 9000]);
  });

  test("keepalives that are not answered end the connection", async () => {
    const { run } = await upTo("connected", "real");
    await run.advance(INTERVALS.keepAlive);
    await run.reject("ping", new Error("timeout expired"));
    await run.advance(INTERVALS.keepAlive);
    run.forget();
    await run.reject("ping", new Error("timeout expired"));
    expect(run.state).toBe("waitingToReconnect");
    expect(run.script).toMatchSnapshot();
  });

  for (const state of STATES) {
    test(`the link is lost in ${state}`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "LINK_CLOSED", reason: "read ECONNRESET" });
      const isUsed = state === "handshaking" || state === "connected";
      expect(run.state).toBe(isUsed ? "waitingToReconnect" : state);
      expect(run.script).toMatchSnapshot();
    });
  }
});

describe("worker: stopping", () => {
  for (const state of STATES) {
    test(`a stop is requested in ${state}: what is queued is sent, then the worker stops`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "STOP_REQUESTED" });
      expect(run.state).toBe("draining");
      await run.resolve("closeLink");
      expect(run.snapshot.status).toBe("done");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a link that does not close in time does not hold up the stop", async () => {
    const { run } = await upTo("draining");
    await run.advance(INTERVALS.drainDeadline);
    expect(run.state).toBe("stopped");
    expect(run.asked.at(-1)?.signal.aborted).toBe(true);
  });

  test("a link that can't be closed well does not hold up the stop", async () => {
    const { run } = await upTo("draining");
    await run.reject("closeLink");
    expect(run.state).toBe("stopped");
  });

  test("something that the node can't do without is gone: failed, with the reason", async () => {
    const { run } = await upTo("connected");
    await run.send({ type: "NODE_FAILED", error: new Error("the agent store is gone") });
    expect(run.script).toMatchSnapshot();
  });
});

describe("worker: switchboard", () => {
  test("passes what the master asks to the process that it concerns", async () => {
    const { run } = await upTo("connected");
    for (const event of masterAsks(1)) await run.send(event);
    expect(run.script).toMatchSnapshot();
  });

  for (const state of STATES.filter((name) => name !== "connected")) {
    test(`in ${state} the master's requests are refused`, async () => {
      const { run } = await upTo(state);
      for (const event of masterAsks(1)) await run.send(event);
      expect(run.state).toBe(state);
      expect(run.answers.map(({ requestId, command }) => [requestId, command])).toEqual([
        [1, "err"],
        [2, "err"],
        [3, "err"],
      ]);
    });
  }

  test("what the application reports reaches the check, and the wanted groups the sending", async () => {
    const { run } = await upTo("connected");
    await run.send({ type: "APPLY_STARTED" });
    await run.send({ type: "APPLY_FINISHED", extraValid: ["queue/agent-groups/001"] });
    await run.send({ type: "APPLY_FAILED", message: "No space left" });
    await run.send({ type: "MASTER_REPORTED_ERROR", message: "bad archive" });
    expect(run.script).toMatchSnapshot();
  });

  /** A worker whose check has announced its index and waits for the verdict. */
  async function awaitingVerdict(): Promise<{ readonly run: Run }> {
    const { run } = await upTo("connected", "real");
    await run.send({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } });
    await run.resolve("indexFiles", INDEXED);
    await run.resolve("integrityCheck/askPermission", { granted: true });
    await run.resolve("integrityCheck/requestTask", { taskId: "task-9" });
    await run.resolve("packIndex", { path: "w.zip", bytes: 900 });
    await run.resolve("integrityCheck/sendArchive", { bytes: 900 });
    await run.resolve("integrityCheck/announce");
    run.forget();
    return { run };
  }

  test("a whole synchronisation: check, application, group files", async () => {
    const { run } = await awaitingVerdict();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-1", path: "m.zip", received: true },
    });
    await run.resolve("unpack", { counts: COUNTS });
    await run.resolve("applyFiles", APPLIED);
    await run.resolve("mergeGroups", { path: "agent-groups.merged", parts: 1 });
    expect(run.childState("integrityCheck")).toBe("free");
    expect(run.childState("extraValidSend")).toBe("awaitingPermission");
    expect(run.script).toMatchSnapshot();
  });

  test("the master's failure reaches the check that waits for its verdict", async () => {
    const { run } = await awaitingVerdict();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "ERROR_REPORTED", requestId: 1, taskId: "task-9", message: "bad archive" },
    });
    expect(run.childState("integrityCheck")).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("a failed application ends the check, too", async () => {
    const { run } = await awaitingVerdict();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    await run.advance(INTERVALS.timeoutReceivingFile);
    expect(run.childState("integrityCheck")).toBe("free");
    expect(run.childState("integrityApply")).toBe("reportingError");
  });

  test("an application that crashes ends the check, too", async () => {
    const { run } = await awaitingVerdict();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    run.breakAction("integrityApply", "discardFile").forget();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-2", path: "x.zip", received: true },
    });
    expect(run.childState("integrityCheck")).toBe("free");
    expect(run.script).toMatchSnapshot();
  });
});

describe("worker: crashes of its processes", () => {
  for (const child of PROCESSES) {
    test(`${child} is started again when it crashed`, async () => {
      const { run } = await upTo("connected");
      await run.crash(child);
      expect(run.childState(child)).toBeUndefined();
      await run.advance(100);
      expect(run.childState(child)).toBe("stood in for");
      expect(run.state).toBe("connected");
    });
  }

  test("restarts come later each time; the sixth crash costs the connection, not the node", async () => {
    const { run } = await upTo("connected");
    for (const delay of [100, 200, 400, 800, 1600]) {
      await run.crash("integrityCheck");
      await run.advance(delay - 1);
      expect(run.childState("integrityCheck")).toBeUndefined();
      await run.advance(1);
    }
    run.forget();
    await run.crash("integrityCheck");
    expect(run.script).toMatchSnapshot();
    await run.advance(INTERVALS.connectionRetry);
    expect(run.state).toBe("connecting");
  });

  test("while a process is being restarted its requests are refused", async () => {
    const { run } = await upTo("connected");
    await run.crash("integrityApply");
    run.forget();
    for (const event of masterAsks(1)) await run.send(event);
    expect(run.script).toMatchSnapshot();
  });

  test("a report for a process that is being restarted is lost, and nothing else", async () => {
    // XState's development build warns of each of these, and rightly so.
    const warnings = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { run } = await upTo("connected");
    await run.crash("integrityCheck");
    await run.send({ type: "APPLY_STARTED" });
    await run.send({ type: "APPLY_FINISHED", extraValid: ["queue/agent-groups/001"] });
    await run.advance(100);
    warnings.mockRestore();
    expect(run.state).toBe("connected");
    expect(run.childStates.size).toBe(5 + NODE_SERVICES.length);
  });

  test("a restart belongs to its connection: the next one does not start a process twice", async () => {
    const run = MachineRun.start(worker, {
      input: (clock) => ({ ...withIntervals(clock), rules: zip43.rules, connectionRetry: 50, nodeName: "worker-1", random: () => 0.5, announces: false }),
      children: "real",
    });
    await run.send({ type: "STARTED" });
    await run.resolve("connect");
    await run.resolve("sayHello");
    run.breakAction("integrityCheck", "log");
    await run.send({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } });
    run.mendAction("integrityCheck", "log");
    await run.send({ type: "LINK_CLOSED", reason: "read ECONNRESET" });
    await run.advance(50);
    await run.resolve("connect");
    await run.resolve("sayHello");
    await run.send({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } });
    await run.advance(1000);
    expect(run.childState("integrityCheck")).toBe("indexing");
    expect(run.open.filter(({ name }) => name === "indexFiles")).toHaveLength(1);
  });

  describe("features of muster's own", () => {
    async function connected(announces: boolean): Promise<Run> {
      const run = start("fake", () => 0.5, announces);
      await run.send({ type: "STARTED" });
      await run.resolve("connect");
      await run.resolve("sayHello");
      return run;
    }

    test("the master is told of them once it has taken the hello, and its own are kept", async () => {
      const run = await connected(true);
      await run.resolve("announceFeatures", { features: ["push"] });
      expect(run.state).toBe("connected");
      expect(run.context).toMatchObject({ masterFeatures: ["push"] });
    });

    test("a foreign master does not know the command: nothing changes", async () => {
      const run = await connected(true);
      await run.reject("announceFeatures", new Error("unknown command 'b'muster''"));
      expect(run.state).toBe("connected");
      expect(run.context).toMatchObject({ masterFeatures: [], crashes: {}, lastError: null });
    });

    test("they belong to the connection", async () => {
      const run = await connected(true);
      await run.resolve("announceFeatures", { features: ["push"] });
      await run.send({ type: "LINK_CLOSED", reason: "the master closed the connection" });
      expect(run.context).toMatchObject({ masterFeatures: [] });
    });

    test("a worker that may not push says nothing", async () => {
      const run = await connected(false);
      expect(run.open.map(({ name }) => name)).not.toContain("announceFeatures");
    });
  });

  test("the work of a process that crashed is cancelled", async () => {
    const { run } = await upTo("connected", "real");
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" },
    });
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-1", path: "m.zip", received: true },
    });
    run.breakAction("integrityApply", "discardFile").forget();
    await run.send({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-2", path: "x.zip", received: true },
    });
    expect(run.script).toMatchSnapshot();
  });

  test("two processes that crash in the same moment, one of them for the last time, cost the connection only", async () => {
    const { run } = await upTo("connected", "real");
    for (let crash = 0; crash < 5; crash += 1) {
      run.breakAction("integrityCheck", "log");
      await run.send({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } });
      run.mendAction("integrityCheck", "log");
      await run.advance(100 * 2 ** crash);
    }
    await run.send({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } });
    await run.resolve("indexFiles", INDEXED);
    await run.resolve("integrityCheck/askPermission", { granted: true });
    await run.resolve("integrityCheck/requestTask", { taskId: "task-9" });
    await run.resolve("packIndex", { path: "w.zip", bytes: 900 });
    await run.resolve("integrityCheck/sendArchive", { bytes: 900 });
    await run.resolve("integrityCheck/announce");
    run.breakAction("integrityCheck", "discardWork").breakAction("extraValidSend", "log").forget();
    await run.send({ type: "APPLY_FINISHED", extraValid: ["queue/agent-groups/001"] });
    expect(run.state).toBe("waitingToReconnect");
    expect(run.script).toMatchSnapshot();
  });
});

describe("worker", () => {
  const EVENTS: readonly WorkerEvent[] = [
    { type: "STARTED" },
    { type: "LINK_CLOSED", reason: "read ECONNRESET" },
    { type: "KEEPALIVE_LOST" },
    ...masterAsks(0),
    { type: "APPLY_STARTED" },
    { type: "SERVICE_RESTART_DUE", service: "dapiQueue" },
    { type: "APPLY_FINISHED", extraValid: ["queue/agent-groups/001"] },
    { type: "APPLY_FAILED", message: "no space" },
    { type: "MASTER_REPORTED_ERROR", message: "bad archive" },
    { type: "STOP_REQUESTED" },
    { type: "NODE_FAILED", error: new Error("the agent store is gone") },
    { type: "xstate.error.actor.stray", error: new Error("stray"), actorId: "stray" },
    { type: "xstate.done.actor.stray", output: undefined, actorId: "stray" },
  ];

  chartTests(worker, {
    start: () => start("fake", () => 0.5, true),
    outcomes: { announceFeatures: [{ features: ["push"] }] },
    resting: ["disconnected", "connected", "waitingToReconnect", "stopped", "failed"],
    patience: 2 * INTERVALS.connectDeadline,
    events: EVENTS,
    crashing: ["integrityApply"],
    outline: ({ crashes }) => (crashes as Record<string, readonly number[]>)["integrityApply"]?.length ?? 0,
  });

  test("with its real processes, any long way keeps the rules", async () => {
    await expectRulesOnAnyWay(
      {
        start: () => start("real"),
        events: [
          { type: "STARTED" },
          { type: "LINK_CLOSED", reason: "read ECONNRESET" },
          ...masterAsks(0),
          { type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_NOW" } },
          { type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_ASKED", requestId: 0 } },
          {
            type: "MASTER_ASKED",
            to: "integrityApply",
            event: { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: "m.zip", received: true },
          },
          {
            type: "MASTER_ASKED",
            to: "integrityApply",
            event: { type: "ERROR_REPORTED", requestId: 0, taskId: "task-1", message: "no space" },
          },
          {
            type: "MASTER_ASKED",
            to: "agentInfoSend",
            event: { type: "RESULT_RECEIVED", requestId: 0, outcome: { updatedChunks: 1, errorMessages: [] } },
          },
        ],
        outcomes: {
          indexFiles: [INDEXED],
          askPermission: [{ granted: true }, { granted: false }],
          requestTask: [{ taskId: "task-9" }],
          packIndex: [{ path: "w.zip", bytes: 900 }],
          sendArchive: [{ bytes: 900 }],
          unpack: [{ counts: COUNTS }],
          applyFiles: [APPLIED],
          mergeGroups: [{ path: "agent-groups.merged", parts: 1 }],
          packGroups: [{ path: "w.zip", bytes: 900 }],
          collectChunks: [{ chunks: 0 }, { chunks: 2 }],
        },
      },
      { ways: 60, moves: 80 },
    );
  });
});
