import { describe, expect, test } from "vitest";
import { keepalive } from "../../machines/keepalive.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const start = () => MachineRun.start(keepalive, { input: withIntervals });
type Run = ReturnType<typeof start>;

async function pinging(): Promise<{ readonly run: Run }> {
  const run = start();
  await run.advance(INTERVALS.keepAlive);
  expect(run.state).toBe("pinging");
  run.forget();
  return { run };
}

describe("keepalive", () => {
  test("waits at first: the hello has just been answered", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("an answered keepalive is followed by the next one", async () => {
    const run = start();
    await run.advance(INTERVALS.keepAlive - 1);
    await run.advance(1);
    await run.advance(30);
    await run.resolve("ping");
    await run.advance(INTERVALS.keepAlive);
    expect(run.script).toMatchSnapshot();
  });

  test("one failure is logged and forgotten with the next answer", async () => {
    const { run } = await pinging();
    await run.reject("ping", new Error("timeout expired"));
    await run.advance(INTERVALS.keepAlive);
    await run.resolve("ping");
    expect(run.context).toMatchObject({ failures: 0 });
    expect(run.script).toMatchSnapshot();
  });

  test("as many failures in a row as are allowed: the connection is lost, and the worker is told once", async () => {
    const { run } = await pinging();
    await run.reject("ping", new Error("timeout expired"));
    await run.advance(INTERVALS.keepAlive);
    await run.reject("ping", new Error("timeout expired"));
    expect(run.told.filter(({ type }) => type === "KEEPALIVE_LOST")).toHaveLength(1);
    expect(run.script).toMatchSnapshot();
  });

  test("failures that an answer stands between do not lose the connection", async () => {
    const { run } = await pinging();
    for (let round = 0; round < 5; round += 1) {
      await run.reject("ping");
      await run.advance(INTERVALS.keepAlive);
      await run.resolve("ping");
      await run.advance(INTERVALS.keepAlive);
    }
    expect(run.state).toBe("pinging");
  });

  test("a keepalive that neither succeeds nor fails is a failure after its deadline", async () => {
    const { run } = await pinging();
    await run.advance(INTERVALS.workDeadline);
    await run.advance(INTERVALS.keepAlive);
    await run.advance(INTERVALS.workDeadline);
    expect(run.script).toMatchSnapshot();
  });

  test("a single allowed failure loses the connection at once", async () => {
    const run = MachineRun.start(keepalive, {
      input: (clock) => ({ ...withIntervals(clock), maxFailedKeepaliveAttempts: 1 }),
    });
    await run.advance(INTERVALS.keepAlive);
    await run.reject("ping");
    expect(run.state).toBe("lost");
  });

  chartTests(keepalive, {
    start,
    resting: ["lost", "waiting"],
    patience: 2 * INTERVALS.workDeadline,
    events: [],
    outline: ({ failures }) => failures,
  });
});
