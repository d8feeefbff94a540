import { describe, expect, test } from "vitest";
import { integrityCheck } from "../../machines/integrityCheck.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const INDEXED = { version: 4, files: 12, hashed: 1, problems: 0, changed: true };
const PACKED = { path: "queue/cluster/worker-1/worker-1-1-2.zip", bytes: 900 };

const start = () => MachineRun.start(integrityCheck, { input: withIntervals });
type Run = ReturnType<typeof start>;

const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.advance(INTERVALS.syncIntegrity)],
  ["indexing", (run) => run.resolve("indexFiles", INDEXED)],
  ["awaitingPermission", (run) => run.resolve("askPermission", { granted: true })],
  ["requestingTask", (run) => run.resolve("requestTask", { taskId: "task-1" })],
  ["packing", (run) => run.resolve("packIndex", PACKED)],
  ["sendingFile", (run) => run.resolve("sendArchive", { bytes: 900 })],
  ["announcing", (run) => run.resolve("announce")],
  ["awaitingVerdict.undecided", (run) => run.send({ type: "VERDICT_FILES_COMING" })],
  ["awaitingVerdict.filesComing", (run) => run.send({ type: "FILES_APPLIED" })],
];

async function upTo(state: string): Promise<{ readonly run: Run }> {
  const run = start();
  for (const [reached, step] of ROUND) {
    if (reached === state) break;
    await step(run);
  }
  expect(run.state).toBe(state);
  run.forget();
  return { run };
}

describe("integrityCheck", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round in which nothing differs", async () => {
    const { run } = await upTo("free");
    for (const [, step] of ROUND.slice(0, 7)) {
      await step(run);
      await run.advance(100);
    }
    await run.send({ type: "VERDICT_IN_STEP", requestId: 1 });
    expect(run.script).toMatchSnapshot();
  });

  test("a round that brings this node in step", async () => {
    const { run } = await upTo("announcing");
    for (const [, step] of ROUND.slice(6)) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("the first round comes after sync_integrity, the next one as long after the end of the first", async () => {
    const run = start();
    await run.advance(INTERVALS.syncIntegrity - 1);
    expect(run.state).toBe("free");
    await run.advance(1);
    expect(run.state).toBe("indexing");
    await run.advance(5000);
    await run.resolve("indexFiles", INDEXED);
    await run.resolve("askPermission", { granted: false });
    await run.advance(INTERVALS.syncIntegrity - 1);
    expect(run.state).toBe("free");
    await run.advance(1);
    expect(run.state).toBe("indexing");
  });

  test("a round can be wanted before its time", async () => {
    const run = start();
    await run.send({ type: "CHECK_NOW" });
    expect(run.state).toBe("indexing");
  });

  test("a round that runs is not started again by a wish for one", async () => {
    const { run } = await upTo("packing");
    await run.send({ type: "CHECK_NOW" });
    expect(run.state).toBe("packing");
    expect(run.context).toMatchObject({ record: { rounds: 1 } });
  });

  test("the master has changed files: a round begins soon, not at the same moment on all workers", async () => {
    const run = start();
    await run.send({ type: "CHECK_ASKED", requestId: 7 });
    expect(run.script).toMatchSnapshot();
    await run.send({ type: "CHECK_ASKED", requestId: 8 });
    await run.advance(99);
    expect(run.state).toBe("free");
    await run.advance(1);
    expect(run.state).toBe("indexing");
  });

  test("a change while a round runs is followed by one more round, however often it is told", async () => {
    const { run } = await upTo("awaitingVerdict.undecided");
    await run.send({ type: "CHECK_ASKED", requestId: 7 });
    await run.send({ type: "CHECK_ASKED", requestId: 8 });
    expect(run.state).toBe("awaitingVerdict.undecided");
    await run.send({ type: "VERDICT_IN_STEP", requestId: 9 });
    expect(run.state).toBe("free");
    await run.advance(100);
    await run.resolve("indexFiles", INDEXED);
    await run.resolve("askPermission", { granted: false });
    expect(run.state).toBe("free");
    await run.advance(INTERVALS.syncIntegrity - 1);
    expect(run.state).toBe("free");
  });

  test("the master grants no permission: asked again next time, and no failure", async () => {
    const { run } = await upTo("awaitingPermission");
    await run.resolve("askPermission", { granted: false });
    expect(run.script).toMatchSnapshot();
  });

  test("refusals in a row are counted until permission is granted", async () => {
    const { run } = await upTo("awaitingPermission");
    for (let refusals = 1; refusals <= 3; refusals += 1) {
      await run.resolve("askPermission", { granted: false });
      expect(run.context).toMatchObject({ refusals, record: { failures: 0 } });
      await run.advance(INTERVALS.syncIntegrity);
      await run.resolve("indexFiles", INDEXED);
    }
    await run.resolve("askPermission", { granted: true });
    expect(run.context).toMatchObject({ refusals: 0 });
  });

  for (const [state, work] of [
    ["indexing", "indexFiles"],
    ["awaitingPermission", "askPermission"],
    ["requestingTask", "requestTask"],
    ["packing", "packIndex"],
    ["sendingFile", "sendArchive"],
    ["announcing", "announce"],
  ] as const) {
    test(`${work} fails: the master is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.reject(work, new Error("No space left"));
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });

    test(`${work} takes too long: it is cancelled, the master is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.nextTimer();
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the master refuses the task: its code is kept", async () => {
    const { run } = await upTo("requestingTask");
    await run.reject("requestTask", MusterError.cluster(3000, "an integrity task of this worker is already running"));
    expect(run.context).toMatchObject({ record: { lastError: { code: 3000, step: "requestingTask" } } });
  });

  test("no verdict comes in time", async () => {
    const { run } = await upTo("awaitingVerdict.undecided");
    await run.advance(INTERVALS.timeoutReceivingFile);
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("the end of the synchronisation comes neither well nor badly: free in bounded time", async () => {
    const { run } = await upTo("awaitingVerdict.filesComing");
    await run.advance(INTERVALS.transferDeadline + 3 * INTERVALS.workDeadline);
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("the verdict 'in step' is heard before the answer to the announcement", async () => {
    const { run } = await upTo("announcing");
    await run.send({ type: "VERDICT_IN_STEP", requestId: 1 });
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("the verdict 'files are coming' is heard before the answer to the announcement", async () => {
    const { run } = await upTo("announcing");
    await run.send({ type: "VERDICT_FILES_COMING" });
    await run.send({ type: "FILES_APPLIED" });
    expect(run.script).toMatchSnapshot();
  });

  test("the master's failure is heard before the answer to the announcement: no wait for a verdict", async () => {
    const { run } = await upTo("announcing");
    await run.send({ type: "VERDICT_FAILED", message: "bad archive" });
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("the master fails after its announcement was answered", async () => {
    const { run } = await upTo("awaitingVerdict.undecided");
    await run.send({ type: "VERDICT_FAILED", message: "bad archive" });
    expect(run.script).toMatchSnapshot();
  });

  test("the files could not be applied", async () => {
    const { run } = await upTo("awaitingVerdict.filesComing");
    await run.send({ type: "FILES_NOT_APPLIED", message: "No space left" });
    expect(run.script).toMatchSnapshot();
  });

  for (const state of ["free", "indexing", "awaitingPermission", "packing", "sendingFile"]) {
    test(`in ${state} a verdict of a round that is over is answered and changes nothing`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "VERDICT_IN_STEP", requestId: 1 });
      await run.send({ type: "VERDICT_FAILED", message: "bad archive" });
      await run.send({ type: "FILES_APPLIED" });
      await run.send({ type: "FILES_NOT_APPLIED", message: "No space left" });
      expect(run.state).toBe(state);
      expect(run.context).toMatchObject({ record: { failures: 0, lastSuccess: null } });
      expect(run.answers.at(-1)).toEqual({ requestId: 1, command: "ok", payload: "Thanks" });
    });
  }

  chartTests(integrityCheck, {
    start,
    resting: ["free"],
    outline: ({ wanted }) => wanted,
    patience: 2 * (INTERVALS.transferDeadline + 3 * INTERVALS.workDeadline),
    events: [
      { type: "CHECK_NOW" },
      { type: "CHECK_ASKED", requestId: 0 },
      { type: "VERDICT_IN_STEP", requestId: 0 },
      { type: "VERDICT_FILES_COMING" },
      { type: "FILES_APPLIED" },
      { type: "FILES_NOT_APPLIED", message: "no space" },
      { type: "VERDICT_FAILED", message: "no space" },
    ],
    outcomes: {
      indexFiles: [INDEXED],
      askPermission: [{ granted: true }, { granted: false }],
      requestTask: [{ taskId: "task-1" }],
      packIndex: [PACKED],
      sendArchive: [{ bytes: 900 }],
    },
  });
});
