import { describe, expect, test } from "vitest";
import { integrityApply } from "../../machines/integrityApply.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const RECEIVED = "queue/cluster/worker-1/master-1-2.zip";
const COUNTS = { missing: 3, shared: 2, extra: 1, extraValid: 1 };
const APPLIED = { created: 3, overwritten: 2, deleted: 1, problems: 0, extraValid: ["queue/agent-groups/001"] };

const start = () => MachineRun.start(integrityApply, { input: withIntervals });
type Run = ReturnType<typeof start>;

const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.send({ type: "TASK_REQUESTED", requestId: 901, taskId: "task-1" })],
  [
    "receivingFile",
    (run) => run.send({ type: "FILE_ANNOUNCED", requestId: 902, taskId: "task-1", path: RECEIVED, received: true }),
  ],
  ["unpacking", (run) => run.resolve("unpack", { counts: COUNTS })],
  ["applying", (run) => run.resolve("applyFiles", APPLIED)],
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

describe("integrityApply", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round that applies the master's archive, and tells the worker of its start and end", async () => {
    const run = start();
    for (const [, step] of ROUND) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("files that could not be applied are a warning; the round is none the less done", async () => {
    const { run } = await upTo("applying");
    await run.resolve("applyFiles", { ...APPLIED, problems: 2, extraValid: [] });
    expect(run.script).toMatchSnapshot();
  });

  for (const state of ["receivingFile", "unpacking", "applying"]) {
    test(`in ${state} it opens no second task and takes no file of another one`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
      await run.send({ type: "TASK_REQUESTED", requestId: 2, taskId: "task-2" });
      await run.send({ type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-9", path: "other.zip", received: true });
      expect(run.state).toBe(state);
      expect(run.script).toMatchSnapshot();
    });

    test(`in ${state} a failure of some other task of the master's is answered and passed on`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: null, message: "no index" });
      expect(run.state).toBe(state);
      expect(run.script).toMatchSnapshot();
    });
  }

  test("free, it answers a failure of the master's and passes it on: the check waits for a verdict", async () => {
    const run = start();
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: null, message: "no index" });
    expect(run.script).toMatchSnapshot();
  });

  test("the master gives up its task while the file is awaited: free, and the check is told", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: "task-1", message: "No space left" });
    expect(run.script).toMatchSnapshot();
  });

  test("a file that was never sent is refused, and the task stays open", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "FILE_ANNOUNCED", requestId: 1, taskId: "task-1", path: "../x", received: false });
    expect(run.state).toBe("receivingFile");
    expect(run.script).toMatchSnapshot();
  });

  test("the master's file does not come in time", async () => {
    const { run } = await upTo("receivingFile");
    await run.advance(INTERVALS.timeoutReceivingFile);
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("a transfer that moves is given its time anew", async () => {
    const { run } = await upTo("receivingFile");
    await run.advance(INTERVALS.timeoutReceivingFile - 1);
    await run.send({ type: "TRANSFER_PROGRESSED", bytes: 100 });
    await run.advance(INTERVALS.timeoutReceivingFile - 1);
    expect(run.state).toBe("receivingFile");
  });

  for (const [state, work] of [
    ["unpacking", "unpack"],
    ["applying", "applyFiles"],
  ] as const) {
    test(`${work} fails: master and check are told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.reject(work, new Error("No space left"));
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });

    test(`${work} takes too long: it is cancelled, master and check are told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.nextTimer();
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the master does not take the report: free all the same", async () => {
    const { run } = await upTo("applying");
    await run.reject("applyFiles");
    await run.reject("reportError");
    expect(run.state).toBe("free");
    expect(run.told).toEqual([{ type: "APPLY_STARTED" }, { type: "APPLY_FAILED", message: "applyFiles failed" }]);
  });

  test("each start is followed by exactly one end: after a failure, and after a success", async () => {
    const { run } = await upTo("unpacking");
    await run.reject("unpack");
    await run.advance(INTERVALS.workDeadline);
    await run.send({ type: "TASK_REQUESTED", requestId: 1, taskId: "task-2" });
    await run.send({ type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-2", path: RECEIVED, received: true });
    await run.resolve("unpack", { counts: COUNTS });
    await run.resolve("applyFiles", APPLIED);
    expect(run.told.map(({ type }) => type)).toEqual(["APPLY_STARTED", "APPLY_FAILED", "APPLY_STARTED", "APPLY_FINISHED"]);
  });

  chartTests(integrityApply, {
    start,
    resting: ["free"],
    patience: 3 * INTERVALS.workDeadline,
    events: [
      { type: "PERMISSION_ASKED", requestId: 0 },
      { type: "TASK_REQUESTED", requestId: 0, taskId: "task-1" },
      { type: "TRANSFER_PROGRESSED", bytes: 100 },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: true },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: false },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-9", path: RECEIVED, received: true },
      { type: "ERROR_REPORTED", requestId: 0, taskId: "task-1", message: "no space" },
      { type: "ERROR_REPORTED", requestId: 0, taskId: null, message: "no space" },
    ],
    outcomes: { unpack: [{ counts: COUNTS }], applyFiles: [APPLIED] },
  });
});
