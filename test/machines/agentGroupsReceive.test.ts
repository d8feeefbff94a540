import { describe, expect, test } from "vitest";
import { agentGroupsReceive, GROUP_STRINGS_WAITING } from "../../machines/agentGroupsReceive.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const OUTCOME = { updatedChunks: 1, errorMessages: [], timeSpent: 0.5 };

const start = () => MachineRun.start(agentGroupsReceive, { input: withIntervals });
type Run = ReturnType<typeof start>;

let requests = 0;

async function receive(run: Run, full: boolean): Promise<void> {
  requests += 1;
  await run.send({ type: "STRING_ANNOUNCED", requestId: requests, stringId: `string-${String(requests)}`, full });
  await run.resolve("applyGroups", OUTCOME);
  await run.resolve("reportOutcome");
}

describe("agentGroupsReceive", () => {
  test("groups are applied, told, and the checksums compared", async () => {
    const run = start();
    await run.send({ type: "STRING_ANNOUNCED", requestId: 9001, stringId: "17", full: false });
    await run.resolve("applyGroups", OUTCOME);
    await run.advance(100);
    await run.resolve("reportOutcome");
    await run.resolve("compareChecksums", { same: true });
    expect(run.state).toBe("free");
    expect(run.script).toMatchSnapshot();
  });

  test("after five sets that leave a difference all groups are asked for, and the count begins anew", async () => {
    const run = start();
    for (let mismatches = 1; mismatches < INTERVALS.agentGroupsMismatchLimit; mismatches += 1) {
      await receive(run, false);
      await run.resolve("compareChecksums", { same: false });
      expect(run.context).toMatchObject({ mismatches });
    }
    run.forget();
    await run.send({ type: "STRING_ANNOUNCED", requestId: 9001, stringId: "17", full: false });
    await run.resolve("applyGroups", OUTCOME);
    await run.resolve("reportOutcome");
    await run.resolve("compareChecksums", { same: false });
    expect(run.state).toBe("askingFullSet");
    await run.resolve("askFullSet");
    await run.send({ type: "STRING_ANNOUNCED", requestId: 9002, stringId: "18", full: true });
    await run.resolve("applyGroups", OUTCOME);
    await run.resolve("reportOutcome");
    expect(run.state).toBe("recalculating");
    await run.resolve("recalculateHashes");
    expect(run.context).toMatchObject({ mismatches: 0, lastSync: { chunks: 1 }, lastFullSync: { chunks: 1 } });
    expect(run.script).toMatchSnapshot();
  });

  test("one set that matches ends the count; without a checksum it stays", async () => {
    const run = start();
    await receive(run, false);
    await run.resolve("compareChecksums", { same: false });
    await receive(run, false);
    await run.resolve("compareChecksums", { same: null });
    expect(run.context).toMatchObject({ mismatches: 1 });
    await receive(run, false);
    await run.resolve("compareChecksums", { same: true });
    expect(run.context).toMatchObject({ mismatches: 0 });
  });

  test("strings wait while one is applied, and too many are refused", async () => {
    const run = start();
    for (let turn = 0; turn <= GROUP_STRINGS_WAITING + 1; turn += 1) {
      await run.send({ type: "STRING_ANNOUNCED", requestId: 8000 + turn, stringId: String(turn), full: false });
    }
    expect(run.context).toMatchObject({ current: { stringId: "0" }, waiting: [1, 2, 3, 4].map((id) => ({ stringId: String(id) })) });
    expect(run.answers.map(({ command }) => command)).toEqual(["ok", "ok", "ok", "ok", "ok", "err"]);
    expect(run.answers.at(-1)?.payload).toContain("3000");
  });

  for (const [name, error] of [
    ["unknown", MusterError.cluster(3035, "17")],
    ["no JSON", MusterError.cluster(3036, "Unexpected token")],
  ] as const) {
    test(`a string that is ${name}: the master is told, and the process is free again`, async () => {
      const run = start();
      await run.send({ type: "STRING_ANNOUNCED", requestId: 1, stringId: "17", full: true });
      await run.reject("applyGroups", error);
      await run.resolve("reportError");
      expect(run.state).toBe("free");
      expect(run.script).toMatchSnapshot();
    });
  }

  chartTests(agentGroupsReceive, {
    // Two mismatches show what five would, with fewer situations.
    start: () => MachineRun.start(agentGroupsReceive, { input: (clock) => ({ ...withIntervals(clock), agentGroupsMismatchLimit: 2 }) }),
    resting: ["free"],
    patience: 2 * (GROUP_STRINGS_WAITING + 1) * INTERVALS.workDeadline,
    waitingRounds: ({ waiting }) => (waiting as readonly unknown[]).length,
    events: [
      { type: "STRING_ANNOUNCED", requestId: 0, stringId: "1", full: false },
      { type: "STRING_ANNOUNCED", requestId: 0, stringId: "2", full: true },
    ],
    outcomes: {
      applyGroups: [OUTCOME],
      compareChecksums: [{ same: true }, { same: false }, { same: null }],
    },
    outline: ({ waiting, current, mismatches }) => [
      (waiting as readonly unknown[]).length,
      (current as { full: boolean } | null)?.full,
      mismatches,
    ],
    randomWays: 10,
  });
});
