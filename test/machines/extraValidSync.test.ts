import { describe, expect, test } from "vitest";
import { extraValidSync } from "../../machines/extraValidSync.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, ofPeer } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const RECEIVED = "queue/cluster/worker-1/worker-1-1-2.zip";
const APPLIED = { written: 3, skipped: 1, unknownAgents: ["007"] };

const start = () => MachineRun.start(extraValidSync, { input: ofPeer });
type Run = ReturnType<typeof start>;

const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.send({ type: "TASK_REQUESTED", requestId: 901, taskId: "task-1" })],
  [
    "receivingFile",
    (run) => run.send({ type: "FILE_ANNOUNCED", requestId: 902, taskId: "task-1", path: RECEIVED, received: true }),
  ],
  ["unpacking", (run) => run.resolve("openArchive", { parts: 4 })],
  ["applying", (run) => run.resolve("applyGroups", APPLIED)],
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

describe("extraValidSync", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round that takes the worker's group files", async () => {
    const run = start();
    await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
    for (const [, step] of ROUND) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("the bytes of an earlier transfer are not those of the next", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "TRANSFER_PROGRESSED", bytes: 100 });
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: "task-1", message: "no space" });
    await run.send({ type: "TASK_REQUESTED", requestId: 2, taskId: "task-2" });
    expect(run.context).toMatchObject({ bytes: 0, taskId: "task-2", record: { rounds: 2 } });
  });

  for (const state of ["receivingFile", "unpacking", "applying"]) {
    test(`in ${state} it grants no permission, opens no second task and takes no file of another one`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
      await run.send({ type: "TASK_REQUESTED", requestId: 2, taskId: "task-2" });
      await run.send({ type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-9", path: "other.zip", received: true });
      expect(run.state).toBe(state);
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a file that was never sent is refused, and the task stays open", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "FILE_ANNOUNCED", requestId: 1, taskId: "task-1", path: "../x", received: false });
    expect(run.state).toBe("receivingFile");
    expect(run.script).toMatchSnapshot();
  });

  test("the worker's file does not come in time", async () => {
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

  for (const [taskId, meaning] of [
    ["task-1", "its task"],
    [null, "no task"],
  ] as const) {
    test(`the worker reports a failure of ${meaning} while its file is awaited: free, with its words`, async () => {
      const { run } = await upTo("receivingFile");
      await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId, message: "No space left" });
      expect(run.script).toMatchSnapshot();
    });
  }

  for (const [state, work] of [
    ["unpacking", "openArchive"],
    ["applying", "applyGroups"],
  ] as const) {
    test(`${work} fails: the worker is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.reject(work, new Error("No space left"));
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });

    test(`${work} takes too long: it is cancelled, the worker is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.nextTimer();
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the report of a failure hangs: free after the deadline", async () => {
    const { run } = await upTo("applying");
    await run.reject("applyGroups");
    await run.advance(INTERVALS.workDeadline);
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ record: { failures: 1, lastError: { step: "applying" } } });
  });

  chartTests(extraValidSync, {
    start,
    resting: ["free"],
    patience: 2 * INTERVALS.workDeadline,
    events: [
      { type: "PERMISSION_ASKED", requestId: 0 },
      { type: "TASK_REQUESTED", requestId: 0, taskId: "task-1" },
      { type: "TRANSFER_PROGRESSED", bytes: 100 },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: true },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: false },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-9", path: RECEIVED, received: true },
      { type: "ERROR_REPORTED", requestId: 0, taskId: "task-1", message: "no space" },
      { type: "ERROR_REPORTED", requestId: 0, taskId: "task-9", message: "no space" },
      { type: "ERROR_REPORTED", requestId: 0, taskId: null, message: "no space" },
    ],
    outcomes: { openArchive: [{ parts: 4 }], applyGroups: [APPLIED] },
  });
});
