import { describe, expect, test } from "vitest";
import { extraValidSend } from "../../machines/extraValidSend.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const PATHS = ["queue/agent-groups/001", "queue/agent-groups/002"];
const MERGED = { path: "queue/cluster/worker-1/agent-groups.merged", parts: 2 };
const PACKED = { path: "queue/cluster/worker-1/worker-1-1-2.zip", bytes: 900 };

const start = () => MachineRun.start(extraValidSend, { input: withIntervals });
type Run = ReturnType<typeof start>;

const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.send({ type: "GROUPS_WANTED", paths: PATHS })],
  ["merging", (run) => run.resolve("mergeGroups", MERGED)],
  ["awaitingPermission", (run) => run.resolve("askPermission", { granted: true })],
  ["requestingTask", (run) => run.resolve("requestTask", { taskId: "task-1" })],
  ["packing", (run) => run.resolve("packGroups", PACKED)],
  ["sendingFile", (run) => run.resolve("sendArchive", { bytes: 900 })],
  ["announcing", (run) => run.resolve("announce")],
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

describe("extraValidSend", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round that sends the files that the master wants", async () => {
    const run = start();
    for (const [, step] of ROUND) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("nothing is wanted: no round", async () => {
    const run = start();
    await run.send({ type: "GROUPS_WANTED", paths: [] });
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ record: { rounds: 0 } });
  });

  test("files that are wanted while a round runs wait for the next integrity round", async () => {
    const { run } = await upTo("packing");
    await run.send({ type: "GROUPS_WANTED", paths: ["queue/agent-groups/003"] });
    expect(run.state).toBe("packing");
    expect(run.context).toMatchObject({ paths: PATHS, record: { rounds: 1 } });
  });

  test("the master grants no permission: free, the merged file gone, and no failure", async () => {
    const { run } = await upTo("awaitingPermission");
    await run.resolve("askPermission", { granted: false });
    expect(run.script).toMatchSnapshot();
  });

  for (const [state, work] of [
    ["merging", "mergeGroups"],
    ["awaitingPermission", "askPermission"],
    ["requestingTask", "requestTask"],
    ["packing", "packGroups"],
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

  test("the report of a failure fails itself: free all the same", async () => {
    const { run } = await upTo("merging");
    await run.reject("mergeGroups");
    await run.reject("reportError");
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ record: { failures: 1, lastError: { message: "mergeGroups failed" } } });
  });

  chartTests(extraValidSend, {
    start,
    resting: ["free"],
    patience: 2 * INTERVALS.transferDeadline,
    events: [
      { type: "GROUPS_WANTED", paths: PATHS },
      { type: "GROUPS_WANTED", paths: [] },
    ],
    outcomes: {
      mergeGroups: [MERGED],
      askPermission: [{ granted: true }, { granted: false }],
      requestTask: [{ taskId: "task-1" }],
      packGroups: [PACKED],
      sendArchive: [{ bytes: 900 }],
    },
  });
});
