import { describe, expect, test } from "vitest";
import { agentGroupsCollect } from "../../machines/agentGroupsCollect.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const start = () => MachineRun.start(agentGroupsCollect, { input: withIntervals });

describe("agentGroupsCollect", () => {
  test("waits once, then collects again and again, and tells of each batch", async () => {
    const run = start();
    await run.advance(INTERVALS.agentGroupStartDelay);
    await run.resolve("collectChanges", { batch: 1 });
    await run.advance(INTERVALS.syncAgentGroups);
    await run.resolve("collectChanges", null);
    await run.advance(INTERVALS.syncAgentGroups);
    await run.reject("collectChanges", new Error("no store"));
    expect(run.state).toBe("waiting");
    expect(run.script).toMatchSnapshot();
  });

  chartTests(agentGroupsCollect, {
    start,
    resting: ["waiting", "delaying", "collecting"],
    patience: INTERVALS.workDeadline,
    events: [],
    outcomes: { collectChanges: [{ batch: 1 }, null] },
    randomWays: 10,
  });
});
