import { expect, test } from "vitest";
import { runHistory, storyOf } from "./History.js";

const FIRST = Number(process.env["MUSTER_SIMULATION_SEED"] ?? 1);
const SEEDS = Number(process.env["MUSTER_SIMULATION_SEEDS"] ?? 200);
const WHOLE_STORY = process.env["MUSTER_SIMULATION_STORY"] === "1";

test(`${String(SEEDS)} histories from seed ${String(FIRST)}: nothing is half written, nothing is stuck, and the cluster comes into step`, { timeout: 3_600_000 }, async () => {
  const failures: string[] = [];
  const began = process.cpuUsage();
  const sums = { events: 0, faults: 0, rounds: 0, seconds: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    const outcome = await runHistory(seed);
    if (WHOLE_STORY) console.log(storyOf(outcome, Infinity));
    for (const key of ["events", "faults", "rounds", "seconds"] as const) sums[key] += outcome[key];
    if (outcome.failure !== undefined) failures.push(storyOf(outcome));
    if (failures.length === 5) break;
  }
  const { user, system } = process.cpuUsage(began);
  console.log(`${String(SEEDS)} histories in ${((user + system) / 1e6).toFixed(1)} s of CPU: ${String(sums.faults)} faults, ${String(sums.rounds)} rounds, ${String(sums.events)} events, ${Math.round(sums.seconds).toString()} s of simulated time`);
  expect(failures.join("\n\n")).toBe("");
});
