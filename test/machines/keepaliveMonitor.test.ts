import { describe, expect, test } from "vitest";
import { keepaliveMonitor } from "../../machines/keepaliveMonitor.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const start = () => MachineRun.start(keepaliveMonitor, { input: withIntervals });

describe("keepaliveMonitor", () => {
  test("asks for a check after every interval, and never at once", async () => {
    const run = start();
    await run.advance(INTERVALS.checkWorkerLastKeepalive - 1);
    await run.advance(1);
    await run.advance(INTERVALS.checkWorkerLastKeepalive);
    expect(run.beginning + run.script).toMatchSnapshot();
  });

  test("a long time holds as many checks as intervals", async () => {
    const run = start();
    await run.advance(10 * INTERVALS.checkWorkerLastKeepalive);
    expect(run.context).toMatchObject({ checks: 10 });
    expect(run.told).toHaveLength(10);
  });

  chartTests(keepaliveMonitor, { start, resting: ["waiting"], patience: INTERVALS.checkWorkerLastKeepalive, events: [] });
});
