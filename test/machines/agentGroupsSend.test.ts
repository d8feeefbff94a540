import { describe, expect, test } from "vitest";
import { agentGroupsSend, GROUP_BATCHES_WAITING } from "../../machines/agentGroupsSend.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, ofPeer } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const OUTCOME = { updatedChunks: 2, errorMessages: [] };

const start = () => MachineRun.start(agentGroupsSend, { input: ofPeer });

describe("agentGroupsSend", () => {
  test("changes are sent, and the worker's result ends the round", async () => {
    const run = start();
    await run.send({ type: "GROUPS_COLLECTED", batch: 1 });
    await run.resolve("sendGroups");
    await run.advance(100);
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, full: false, outcome: OUTCOME });
    expect(run.script).toMatchSnapshot();
  });

  test("a worker that asks for all groups gets all of them, once", async () => {
    const run = start();
    await run.send({ type: "GROUPS_COLLECTED", batch: 1 });
    await run.send({ type: "FULL_SET_ASKED", requestId: 1 });
    await run.send({ type: "FULL_SET_ASKED", requestId: 2 });
    await run.resolve("sendGroups");
    await run.send({ type: "RESULT_RECEIVED", requestId: 3, full: false, outcome: OUTCOME });
    await run.resolve("collectAll", { chunks: 1 });
    await run.resolve("sendGroups");
    await run.send({ type: "RESULT_RECEIVED", requestId: 4, full: true, outcome: OUTCOME });
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ queue: [], lastSync: { chunks: 2 }, lastFullSync: { chunks: 2 } });
    expect(run.script).toMatchSnapshot();
  });

  test("the result can be heard before the answer to the announcement", async () => {
    const run = start();
    await run.send({ type: "GROUPS_COLLECTED", batch: 1 });
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, full: false, outcome: OUTCOME });
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ lastSync: { chunks: 2 } });
  });

  test("a worker that takes nothing makes the oldest batches go, never the full set", async () => {
    const run = start();
    await run.send({ type: "GROUPS_COLLECTED", batch: 0 });
    await run.send({ type: "FULL_SET_ASKED", requestId: 1 });
    for (let batch = 1; batch <= GROUP_BATCHES_WAITING + 2; batch += 1) await run.send({ type: "GROUPS_COLLECTED", batch });
    const { queue, dropped } = run.context as { queue: readonly { full: boolean; batch?: number }[]; dropped: number };
    expect(queue[0]).toEqual({ full: true });
    expect(queue.slice(1).map(({ batch }) => batch)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    expect(dropped).toBe(2);
  });

  test("a worker that failed, or does not answer, costs one round", async () => {
    const run = start();
    await run.send({ type: "GROUPS_COLLECTED", batch: 1 });
    await run.resolve("sendGroups");
    await run.send({ type: "RESULT_FAILED", requestId: 1, full: false, message: "error while trying to load JSON: x" });
    await run.send({ type: "GROUPS_COLLECTED", batch: 2 });
    await run.resolve("sendGroups");
    await run.advance(INTERVALS.timeoutReceivingFile);
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  chartTests(agentGroupsSend, {
    start,
    resting: ["free"],
    patience: 4 * INTERVALS.transferDeadline,
    waitingRounds: ({ queue }) => (queue as readonly unknown[]).length,
    events: [
      { type: "GROUPS_COLLECTED", batch: 1 },
      { type: "FULL_SET_ASKED", requestId: 0 },
      { type: "RESULT_RECEIVED", requestId: 0, full: false, outcome: OUTCOME },
      { type: "RESULT_RECEIVED", requestId: 0, full: true, outcome: OUTCOME },
      { type: "RESULT_FAILED", requestId: 0, full: false, message: "no" },
      { type: "RESULT_FAILED", requestId: 0, full: true, message: "no" },
    ],
    outcomes: { collectAll: [{ chunks: 1 }] },
    outline: ({ queue, current }) => [Math.min((queue as readonly unknown[]).length, 1), current],
    randomWays: 10,
  });
});
