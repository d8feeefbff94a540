import { describe, expect, test } from "vitest";
import { integritySync } from "../../machines/integritySync.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, ofPeer } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const NOTHING = { missing: 0, shared: 0, extra: 0, extraValid: 0 };
const SOMETHING = { missing: 3, shared: 2, extra: 1, extraValid: 4 };
const RECEIVED = "queue/cluster/worker-1/worker-1-1-2.zip";
const PACKED = { path: "queue/cluster/worker-1/master-3-4.zip", files: 5, bytes: 5000, counts: SOMETHING };

const start = () => MachineRun.start(integritySync, { input: ofPeer });
type Run = ReturnType<typeof start>;

/** What happens in each step of a full round, in order. */
const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.send({ type: "TASK_REQUESTED", requestId: 901, taskId: "task-1" })],
  [
    "receivingFile",
    (run) => run.send({ type: "FILE_ANNOUNCED", requestId: 902, taskId: "task-1", path: RECEIVED, received: true }),
  ],
  ["unpacking", (run) => run.resolve("readPeerIndex", { files: 12 })],
  ["comparing", (run) => run.resolve("compareIndexes", { counts: SOMETHING })],
  ["packing", (run) => run.resolve("packDifference", PACKED)],
  ["requestingTask", (run) => run.resolve("requestTask", { taskId: "worker-task" })],
  ["sendingFile", (run) => run.resolve("sendArchive", { bytes: 5000 })],
  ["announcing", (run) => run.resolve("announce")],
];

/** A process that has come to this state of a full round. */
async function upTo(state: string): Promise<{ readonly run: Run }> {
  const run = start();
  if (state === "confirming") {
    const { run: compared } = await upTo("comparing");
    await compared.resolve("compareIndexes", { counts: NOTHING });
    return { run: compared.forget() };
  }
  for (const [reached, step] of ROUND) {
    if (reached === state) break;
    await step(run);
  }
  expect(run.state).toBe(state);
  run.forget();
  return { run };
}

describe("integritySync", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round in which nothing differs", async () => {
    const run = start();
    await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
    await run.send({ type: "TASK_REQUESTED", requestId: 2, taskId: "task-1" });
    await run.advance(1000);
    await run.send({ type: "TRANSFER_PROGRESSED", bytes: 100 });
    await run.send({ type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-1", path: RECEIVED, received: true });
    await run.advance(500);
    await run.resolve("readPeerIndex", { files: 12 });
    await run.resolve("compareIndexes", { counts: NOTHING });
    await run.advance(20);
    await run.resolve("confirm");
    expect(run.script).toMatchSnapshot();
  });

  test("a round that sends the worker what it lacks", async () => {
    const run = start();
    for (const [, step] of ROUND) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("a difference whose files all vanished before packing is still sent and counted as packed", async () => {
    const { run } = await upTo("packing");
    await run.resolve("packDifference", { ...PACKED, files: 0, counts: { ...NOTHING, extra: 1 } });
    await run.resolve("requestTask", { taskId: "worker-task" });
    await run.resolve("sendArchive", { bytes: 10 });
    await run.resolve("announce");
    expect(run.context["lastSync"]).toMatchObject({ counts: { missing: 0, shared: 0, extra: 1, extraValid: 0 } });
  });

  test("two rounds after each other are two rounds", async () => {
    const run = start();
    for (const [, step] of ROUND) await step(run);
    await run.advance(9000);
    await run.send({ type: "TASK_REQUESTED", requestId: 3, taskId: "task-2" });
    expect(run.context).toMatchObject({ taskId: "task-2", counts: null, files: 0, record: { rounds: 2, failures: 0 } });
  });

  for (const state of ["receivingFile", "unpacking", "comparing", "confirming", "packing", "announcing"]) {
    test(`in ${state} it grants no permission, opens no second task and takes no file of another one`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
      await run.send({ type: "TASK_REQUESTED", requestId: 2, taskId: "task-2" });
      await run.send({ type: "FILE_ANNOUNCED", requestId: 3, taskId: "task-9", path: "other.zip", received: true });
      expect(run.state).toBe(state);
      expect(run.script).toMatchSnapshot();
    });
  }

  test("a file is announced while no task is open: refused, and deleted", async () => {
    const run = start();
    await run.send({ type: "FILE_ANNOUNCED", requestId: 1, taskId: "task-1", path: RECEIVED, received: true });
    expect(run.script).toMatchSnapshot();
  });

  test("a file is announced that was never sent: refused, nothing deleted, and the task stays open", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "FILE_ANNOUNCED", requestId: 1, taskId: "task-1", path: "../etc/passwd", received: false });
    expect(run.state).toBe("receivingFile");
    expect(run.script).toMatchSnapshot();
  });

  test("the worker's file does not come in time", async () => {
    const { run } = await upTo("receivingFile");
    await run.advance(INTERVALS.timeoutReceivingFile - 1);
    await run.advance(1);
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("a transfer that moves is given its time anew, a silent one is not", async () => {
    const { run } = await upTo("receivingFile");
    for (let bytes = 1; bytes <= 4; bytes += 1) {
      await run.advance(INTERVALS.timeoutReceivingFile - 1);
      await run.send({ type: "TRANSFER_PROGRESSED", bytes });
    }
    expect(run.state).toBe("receivingFile");
    await run.advance(INTERVALS.timeoutReceivingFile);
    expect(run.state).toBe("reportingError");
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

  test("the worker reports a failure of a task that is not open: answered, and the open one goes on", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: "task-9", message: "No space left" });
    expect(run.state).toBe("receivingFile");
    expect(run.answers.at(-1)).toEqual({ requestId: 1, command: "ok", payload: "Error received" });
  });

  test("the worker reports a failure when nothing runs: answered, no failure counted", async () => {
    const run = start();
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: null, message: "No space left" });
    expect(run.script).toMatchSnapshot();
  });

  for (const [state, work] of [
    ["unpacking", "readPeerIndex"],
    ["comparing", "compareIndexes"],
    ["confirming", "confirm"],
    ["packing", "packDifference"],
    ["requestingTask", "requestTask"],
    ["sendingFile", "sendArchive"],
    ["announcing", "announce"],
  ] as const) {
    test(`${work} fails: the worker is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.reject(work, new Error("No space left"));
      await run.resolve("reportError");
      expect(run.state).toBe("free");
      expect(run.script).toMatchSnapshot();
    });

    test(`${work} takes too long: it is cancelled, the worker is told, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.nextTimer();
      await run.resolve("reportError");
      expect(run.state).toBe("free");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("an error that the worker answered keeps its code", async () => {
    const { run } = await upTo("requestingTask");
    await run.reject("requestTask", MusterError.cluster(3000, "this worker is applying an archive already"));
    expect(run.context).toMatchObject({ record: { lastError: { code: 3000, step: "requestingTask" } } });
  });

  test("a peer's endless error text is cut", async () => {
    const { run } = await upTo("receivingFile");
    await run.send({ type: "ERROR_REPORTED", requestId: 1, taskId: "task-1", message: "x".repeat(5_000_000) });
    expect(JSON.stringify(run.context["record"]).length).toBeLessThan(8192);
  });

  test("the report of a failure fails itself: free all the same", async () => {
    const { run } = await upTo("packing");
    await run.reject("packDifference");
    await run.reject("reportError", new Error("the connection is closed"));
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ record: { failures: 1, lastError: { message: "packDifference failed" } } });
  });

  test("the report of a failure hangs: free after the deadline, and the report is cancelled", async () => {
    const { run } = await upTo("packing");
    await run.reject("packDifference");
    await run.advance(INTERVALS.workDeadline);
    expect(run.state).toBe("free");
    expect(run.asked.at(-1)?.signal.aborted).toBe(true);
  });

  test("work that was cancelled and ends later changes nothing", async () => {
    const { run } = await upTo("packing");
    const [packing] = run.open;
    await run.advance(INTERVALS.workDeadline);
    packing?.resolve(PACKED);
    await run.resolve("reportError");
    expect(run.context).toMatchObject({ packedPath: null, record: { failures: 1, lastSuccess: null } });
  });

  test("a failure stays to be seen through later successes", async () => {
    const { run } = await upTo("unpacking");
    await run.reject("readPeerIndex", new Error("no archive"));
    await run.resolve("reportError");
    await run.send({ type: "TASK_REQUESTED", requestId: 1, taskId: "task-2" });
    await run.send({ type: "FILE_ANNOUNCED", requestId: 2, taskId: "task-2", path: RECEIVED, received: true });
    await run.resolve("readPeerIndex", { files: 1 });
    await run.resolve("compareIndexes", { counts: NOTHING });
    await run.resolve("confirm");
    expect(run.context).toMatchObject({ record: { failures: 1, rounds: 2, lastError: { message: "no archive" } } });
  });

  describe("where a worker may ask once for each pass over the master's files", () => {
    const start = () => MachineRun.start(integritySync, { input: (clock) => ({ ...ofPeer(clock), permission: "oncePerIndex" as const }) });

    test("the second question is refused until the next pass", async () => {
      const run = start();
      const ask = async (requestId: number) => (await run.send({ type: "PERMISSION_ASKED", requestId }), run.script.at(-1));
      await ask(1);
      await ask(2);
      await run.send({ type: "INDEX_CYCLE" });
      await ask(3);
      expect(run.script).toMatchSnapshot();
    });

    test("a round that holds the process too long is given up when its worker asks again", async () => {
      const run = start();
      await run.send({ type: "TASK_REQUESTED", requestId: 1, taskId: "task-1" });
      for (let passed = 0; passed <= INTERVALS.maxLockedIntegrityTime; passed += 100_000) {
        await run.advance(100_000);
        await run.send({ type: "TRANSFER_PROGRESSED", bytes: passed });
      }
      await run.send({ type: "PERMISSION_ASKED", requestId: 2 });
      expect(run.state).toBe("free");
      await run.send({ type: "PERMISSION_ASKED", requestId: 3 });
      expect(run.context).toMatchObject({ isDue: false, taskId: null, record: { failures: 1, lastError: { step: "locked" } } });
    });
  });

  chartTests(integritySync, {
    start: () => MachineRun.start(integritySync, { input: (clock) => ({ ...ofPeer(clock), permission: "oncePerIndex" as const }) }),
    outline: ({ isDue }) => isDue,
    more: (run) =>
      run.state !== "sendingFile"
        ? []
        : [
            {
              name: "asked for another round after too long",
              make: async (next) => {
                await next.advance(INTERVALS.maxLockedIntegrityTime + 1);
                await next.send({ type: "PERMISSION_ASKED", requestId: 10_000 + next.steps.length });
              },
            },
          ],
    resting: ["free"],
    patience: 2 * INTERVALS.transferDeadline,
    events: [
      { type: "PERMISSION_ASKED", requestId: 0 },
      { type: "INDEX_CYCLE" },
      { type: "TASK_REQUESTED", requestId: 0, taskId: "task-1" },
      { type: "TRANSFER_PROGRESSED", bytes: 100 },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: true },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-1", path: RECEIVED, received: false },
      { type: "FILE_ANNOUNCED", requestId: 0, taskId: "task-9", path: RECEIVED, received: true },
      { type: "ERROR_REPORTED", requestId: 0, taskId: "task-1", message: "no space" },
      { type: "ERROR_REPORTED", requestId: 0, taskId: "task-9", message: "no space" },
      { type: "ERROR_REPORTED", requestId: 0, taskId: null, message: "no space" },
    ],
    outcomes: {
      readPeerIndex: [{ files: 12 }],
      compareIndexes: [{ counts: NOTHING }, { counts: SOMETHING }],
      packDifference: [PACKED],
      requestTask: [{ taskId: "worker-task" }],
      sendArchive: [{ bytes: 5000 }],
    },
  });
});
