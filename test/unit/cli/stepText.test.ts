import { expect, test } from "vitest";
import { stepText } from "../../../src/cli/control/stepText.js";
import { stepItem } from "../../../src/dapi/cluster/WorkerStep.js";

const STEP = { connected: true, inStep: true, since: 0, lastInStep: 1_000, seconds: 2.4, outOfStep: false, state: "free", lastError: null };
const STEPS = [
  stepItem({ ...STEP, worker: "w1" }),
  stepItem({ ...STEP, worker: "w2", connected: false, inStep: false, outOfStep: true, seconds: 185, state: null, lastError: { code: 3020, step: "syncing", message: "no\nanswer" } }),
  stepItem({ ...STEP, worker: "w3", inStep: false, lastInStep: null, seconds: 3 }),
];

test("the short form counts, and names those that are out of step", () => {
  expect(stepText(STEPS, false)).toBe(
    "In step: 1, out of step: 1, not confirmed yet: 1.\n    w2: out of step; confirmed 185 s ago; not connected; last error: no\\x0aanswer\n\n",
  );
});

test("the long form names all", () => {
  const text = stepText(STEPS, true);
  expect(text).toContain("    w1: in step; confirmed 2 s ago; connected, free\n");
  expect(text).toContain("    w3: not confirmed yet; never confirmed; connected, free\n");
});

test("nothing is said where the master does not tell", () => {
  expect(stepText(null, true)).toBe("");
});
