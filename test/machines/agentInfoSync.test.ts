import { describe, expect, test } from "vitest";
import { agentInfoSync } from "../../machines/agentInfoSync.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, ofPeer } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const STORED = { updatedChunks: 3, errorMessages: [] };
const PARTLY = { updatedChunks: 2, errorMessages: ["chunk 3: bad JSON"] };

const start = () => MachineRun.start(agentInfoSync, { input: ofPeer });
type Run = ReturnType<typeof start>;

async function upTo(state: "storing" | "reporting"): Promise<{ readonly run: Run }> {
  const run = start();
  await run.send({ type: "STRING_ANNOUNCED", requestId: 901, stringId: "4711" });
  if (state === "reporting") await run.resolve("storeChunks", STORED);
  expect(run.state).toBe(state);
  run.forget();
  return { run };
}

describe("agentInfoSync", () => {
  test("starts free, with nothing done yet", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a round that stores everything", async () => {
    const run = start();
    await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
    await run.send({ type: "STRING_ANNOUNCED", requestId: 2, stringId: "4711" });
    await run.advance(250);
    await run.resolve("storeChunks", STORED);
    await run.advance(50);
    await run.resolve("reportOutcome");
    expect(run.script).toMatchSnapshot();
  });

  test("a round in which a chunk could not be stored is told to the worker as it is", async () => {
    const { run } = await upTo("storing");
    await run.resolve("storeChunks", PARTLY);
    await run.resolve("reportOutcome");
    expect(run.script).toMatchSnapshot();
  });

  for (const state of ["storing", "reporting"] as const) {
    test(`in ${state} it grants no permission, and a second string is answered and not stored`, async () => {
      const { run } = await upTo(state);
      await run.send({ type: "PERMISSION_ASKED", requestId: 1 });
      await run.send({ type: "STRING_ANNOUNCED", requestId: 2, stringId: "4712" });
      expect(run.state).toBe(state);
      expect(run.context).toMatchObject({ stringId: "4711", record: { rounds: 1 } });
      expect(run.script).toMatchSnapshot();
    });
  }

  for (const [code, about] of [
    [3035, "an unknown string"],
    [3036, "bad JSON"],
  ] as const) {
    test(`${about} (${String(code)}) is reported with its code and string`, async () => {
      const { run } = await upTo("storing");
      await run.reject("storeChunks", MusterError.cluster(code));
      await run.resolve("reportError");
      expect(run.script).toMatchSnapshot();
    });
  }

  test("storing takes too long: it is cancelled, the worker is told, and the process is free again", async () => {
    const { run } = await upTo("storing");
    await run.advance(INTERVALS.workDeadline);
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("the worker does not take the outcome: the round failed, although all is stored", async () => {
    const { run } = await upTo("reporting");
    await run.reject("reportOutcome", new Error("timeout expired"));
    await run.resolve("reportError");
    expect(run.script).toMatchSnapshot();
  });

  test("the worker never answers the outcome: free after the deadlines of outcome and report", async () => {
    const { run } = await upTo("reporting");
    await run.advance(INTERVALS.workDeadline);
    await run.advance(INTERVALS.workDeadline);
    expect(run.script).toMatchSnapshot();
  });

  chartTests(agentInfoSync, {
    start,
    resting: ["free"],
    patience: 3 * INTERVALS.workDeadline,
    events: [
      { type: "PERMISSION_ASKED", requestId: 0 },
      { type: "STRING_ANNOUNCED", requestId: 0, stringId: "4711" },
    ],
    outcomes: { storeChunks: [STORED, PARTLY] },
  });
});
