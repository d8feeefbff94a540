import { describe, expect, test } from "vitest";
import { agentInfoSend } from "../../machines/agentInfoSend.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const STORED = { updatedChunks: 3, errorMessages: [] };
const PARTLY = { updatedChunks: 2, errorMessages: ["chunk 3: bad JSON", "chunk 4: too large"] };

const start = () => MachineRun.start(agentInfoSend, { input: withIntervals });
type Run = ReturnType<typeof start>;

const ROUND: readonly (readonly [state: string, step: (run: Run) => Promise<unknown>])[] = [
  ["free", (run) => run.advance(INTERVALS.syncAgentInfo)],
  ["awaitingPermission", (run) => run.resolve("askPermission", { granted: true })],
  ["collecting", (run) => run.resolve("collectChunks", { chunks: 3 })],
  ["sendingString", (run) => run.resolve("sendChunks")],
  ["awaitingResult", (run) => run.send({ type: "RESULT_RECEIVED", requestId: 901, outcome: STORED })],
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

/** The next round begins exactly this long after now. */
async function expectNextRoundAfter(run: Run, milliseconds: number): Promise<void> {
  await run.advance(milliseconds - 1);
  expect(run.state).toBe("free");
  await run.advance(1);
  expect(run.state).toBe("awaitingPermission");
}

describe("agentInfoSend", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round that the master stores", async () => {
    const run = start();
    for (const [, step] of ROUND) {
      await step(run);
      await run.advance(100);
    }
    expect(run.script).toMatchSnapshot();
  });

  test("the first round comes after sync_agent_info", async () => {
    await expectNextRoundAfter(start(), INTERVALS.syncAgentInfo);
  });

  test("after a success the next round comes after sync_agent_info", async () => {
    const { run } = await upTo("awaitingResult");
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, outcome: STORED });
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfo);
  });

  test("there is nothing to send: done, and the next round comes at the usual time", async () => {
    const { run } = await upTo("collecting");
    await run.resolve("collectChunks", { chunks: 0 });
    expect(run.script).toMatchSnapshot();
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfo);
  });

  test("the master grants no permission: asked again soon, and no failure", async () => {
    const { run } = await upTo("awaitingPermission");
    await run.resolve("askPermission", { granted: false });
    expect(run.script).toMatchSnapshot();
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfoKoRetry);
  });

  test("once a soon repeated round succeeds, the usual time counts again", async () => {
    const { run } = await upTo("awaitingPermission");
    await run.resolve("askPermission", { granted: false });
    await run.advance(INTERVALS.syncAgentInfoKoRetry);
    await run.resolve("askPermission", { granted: true });
    await run.resolve("collectChunks", { chunks: 0 });
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfo);
  });

  test("chunks that the master could not store are a warning", async () => {
    const { run } = await upTo("awaitingResult");
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, outcome: PARTLY });
    expect(run.script).toMatchSnapshot();
  });

  test("the master failed: counted, not confirmed, and tried again soon", async () => {
    const { run } = await upTo("awaitingResult");
    await run.send({ type: "RESULT_FAILED", requestId: 1, message: "Error 3036" });
    expect(run.script).toMatchSnapshot();
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfoKoRetry);
  });

  test("the result is heard before the answer to the announcement", async () => {
    const { run } = await upTo("sendingString");
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, outcome: STORED });
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("the master's failure is heard before the answer to the announcement", async () => {
    const { run } = await upTo("sendingString");
    await run.send({ type: "RESULT_FAILED", requestId: 1, message: "Error 3036" });
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("no result comes in time: the chunks are kept for the next round", async () => {
    const { run } = await upTo("awaitingResult");
    await run.advance(INTERVALS.timeoutReceivingFile);
    await run.resolve("returnChunks");
    expect(run.script).toMatchSnapshot();
    await expectNextRoundAfter(run, INTERVALS.syncAgentInfoKoRetry);
  });

  for (const [state, work] of [
    ["awaitingPermission", "askPermission"],
    ["collecting", "collectChunks"],
    ["sendingString", "sendChunks"],
  ] as const) {
    test(`${work} fails: the chunks are kept, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.reject(work, new Error("the store is closed"));
      await run.resolve("returnChunks");
      expect(run.script).toMatchSnapshot();
    });

    test(`${work} takes too long: it is cancelled, the chunks are kept, and the process is free again`, async () => {
      const { run } = await upTo(state);
      await run.nextTimer();
      await run.resolve("returnChunks");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the chunks can't be kept: free all the same", async () => {
    const { run } = await upTo("sendingString");
    await run.reject("sendChunks");
    await run.reject("returnChunks");
    expect(run.state).toBe("free");
    expect(run.context).toMatchObject({ record: { failures: 1, lastError: { message: "sendChunks failed" } } });
  });

  for (const state of ["free", "awaitingPermission", "collecting"]) {
    test(`in ${state} a result of a round that is over is answered and confirms nothing`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "RESULT_RECEIVED", requestId: 1, outcome: STORED });
      await run.send({ type: "RESULT_FAILED", requestId: 2, message: "Error 3036" });
      expect(run.state).toBe(state);
      expect(run.script).toMatchSnapshot();
    });
  }

  test("the errors of a result are kept in bounded number and length", async () => {
    const { run } = await upTo("awaitingResult");
    const errorMessages = Array.from({ length: 1000 }, (_, chunk) => `chunk ${String(chunk)}: ${"x".repeat(1000)}`);
    await run.send({ type: "RESULT_RECEIVED", requestId: 1, outcome: { updatedChunks: 0, errorMessages } });
    expect(JSON.stringify(run.context["outcome"]).length).toBeLessThan(8192);
  });

  chartTests(agentInfoSend, {
    start,
    resting: ["free"],
    patience: 2 * INTERVALS.transferDeadline,
    events: [
      { type: "RESULT_RECEIVED", requestId: 0, outcome: STORED },
      { type: "RESULT_RECEIVED", requestId: 0, outcome: PARTLY },
      { type: "RESULT_FAILED", requestId: 0, message: "Error 3036" },
    ],
    outcomes: {
      askPermission: [{ granted: true }, { granted: false }],
      collectChunks: [{ chunks: 3 }, { chunks: 0 }],
    },
  });
});
