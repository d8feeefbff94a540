import { beforeEach, describe, expect, test } from "vitest";
import { StepWatch } from "../../../src/node/watch/StepWatch.js";
import type { StepFact } from "../../../src/node/watch/stepReport.js";
import { ManualClock } from "../../support/manualClock.js";
import { memoryLogger, type MemoryLogger } from "../../support/memoryLogger.js";

const LIMIT = 60;
let clock: ManualClock;
let logger: MemoryLogger;
let facts: StepFact[];
let watch: StepWatch;

const fact = (changes: Partial<StepFact> = {}): StepFact => ({
  worker: "w1", connectedAt: clock.wallTime(), lastInStep: null, differs: null, state: "free", lastError: null, ...changes,
});
const inStep = (worker = "w1"): StepFact => fact({ worker, lastInStep: clock.wallTime(), differs: false });
const pass = (seconds: number): void => {
  for (let n = 0; n < seconds; n += 1) clock.advance(1000);
};

beforeEach(() => {
  clock = new ManualClock();
  logger = memoryLogger();
  facts = [];
  watch = new StepWatch({ clock, logger, facts: () => facts, outOfStepAfter: LIMIT });
  watch.start();
});

describe("who is in step", () => {
  test("a worker that was just connected is not, until its files are confirmed", () => {
    facts = [fact()];
    expect(watch.report()).toMatchObject([{ worker: "w1", connected: true, inStep: false, lastInStep: null, outOfStep: false }]);
    pass(5);
    facts = [inStep()];
    expect(watch.report()).toMatchObject([{ inStep: true, seconds: 0, since: clock.wallTime(), lastInStep: clock.wallTime() }]);
  });

  test("a worker whose files differ is not in step from then on", () => {
    facts = [inStep()];
    pass(3);
    const confirmed = facts[0]?.lastInStep ?? null;
    facts = [fact({ lastInStep: confirmed, differs: true, state: "packing" })];
    expect(watch.report()).toMatchObject([{ inStep: false, since: clock.wallTime(), seconds: 2, state: "packing", outOfStep: false }]);
  });

  test("a worker that is gone is remembered, and out of step once its last check is too old", () => {
    facts = [inStep()];
    pass(1);
    facts = [];
    pass(LIMIT);
    expect(watch.report()).toMatchObject([{ worker: "w1", connected: false, inStep: false, outOfStep: false, state: null }]);
    pass(1);
    expect(watch.report()).toMatchObject([{ outOfStep: true }]);
  });

  test("a jump of the wall clock puts nobody out of step", () => {
    facts = [inStep()];
    pass(1);
    facts = [fact({ lastInStep: (facts[0]?.lastInStep ?? 0) - 86_400_000, differs: false })];
    expect(watch.report()).toMatchObject([{ inStep: true, outOfStep: false, seconds: 0 }]);
  });

  test("a worker that is gone for a day is forgotten; one that this node expects is not", () => {
    const own = new StepWatch({ clock, logger, facts: () => facts, outOfStepAfter: LIMIT, expected: ["w1"] });
    facts = [inStep("w1"), inStep("w2")];
    own.report();
    facts = [];
    clock.advance(86_400_001);
    own.report();
    expect(own.report().map(({ worker }) => worker)).toEqual(["w1"]);
  });

  test("no more workers are remembered than the bound, and those that are connected always", () => {
    for (let n = 0; n < 1_100; n += 1) {
      facts = [inStep("here"), inStep(`w${n}`)];
      watch.report();
    }
    const known = watch.report();
    expect(known).toHaveLength(1_024);
    expect(known.map(({ worker }) => worker)).toContain("here");
    expect(known.at(-1)?.worker).toBe("w1099");
  });
});

describe("the log", () => {
  const lines = (): string[] => logger.lines.map(({ level, context, message }) => `${level} ${context.peer ?? ""}: ${message}`);

  test("tells once when a worker is out of step for too long, and once when it is back", () => {
    facts = [fact({ state: "receivingFile", lastError: { code: 3039, message: "no file came", step: "receivingFile", at: 0, exception: "" } })];
    pass(LIMIT + 1);
    expect(lines()).toEqual([]);
    pass(30);
    facts = [inStep()];
    pass(30);
    expect(lines()).toEqual([
      "warning w1: Worker w1 is out of step: its files have not been confirmed for 61 s (limits.outOfStepAfter: 60 s); it is connected, in state receivingFile; last error: no file came.",
      "info w1: Worker w1 is in step again.",
    ]);
  });

  test("tells of a worker that never came to its master", () => {
    const own = new StepWatch({ clock, logger, facts: () => facts, outOfStepAfter: LIMIT, expected: ["w9"] });
    clock.advance((LIMIT + 1) * 1000);
    own.report();
    expect(lines()).toEqual(["warning w9: Worker w9 is out of step: its files have not been confirmed for 61 s (limits.outOfStepAfter: 60 s); it is not connected."]);
  });

  test("says nothing after stop", () => {
    facts = [fact()];
    pass(1);
    watch.stop();
    pass(LIMIT * 2);
    expect(lines()).toEqual([]);
  });
});
