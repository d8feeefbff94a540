import { describe, expect, test } from "vitest";
import { sendsyncQueue } from "../../machines/sendsyncQueue.js";
import { chartTests } from "../support/machineChart.js";
import { MachineRun } from "../support/machineRun.js";

const received = (requestId: string, askerId = "peer-1") => ({ type: "MESSAGE_RECEIVED" as const, message: { requestId, askerId } });
const start = () => MachineRun.start(sendsyncQueue, { input: () => ({ concurrency: 2, capacity: 1 }) });

describe("sendsyncQueue", () => {
  test("messages are delivered side by side, the next one when there is room", async () => {
    const run = start().forget();
    for (const id of ["a", "b", "c"]) await run.send(received(id));
    await run.resolve("sendsyncQueue/deliver");
    await run.resolve("sendsyncQueue/deliver");
    await run.resolve("sendsyncQueue/deliver");
    expect(run.state).toBe("idle");
    expect(run.script).toMatchSnapshot();
  });

  test("one message more than can wait is refused and counted", async () => {
    const run = start();
    for (const id of ["a", "b", "c", "d"]) await run.send(received(id));
    expect(run.state).toBe("saturated");
    expect(run.context).toMatchObject({ received: 3, refused: 1 });
  });

  test("a delivery that fails is logged and counted, and its place is free", async () => {
    const run = start().forget();
    await run.send(received("a"));
    await run.reject("deliver", new Error("the daemon is gone"));
    expect(run.context).toMatchObject({ failed: 1, running: [] });
    expect(run.script).toMatchSnapshot();
  });

  test("a lost asker's messages are dropped, and what is under way is cancelled", async () => {
    const run = start();
    for (const id of ["a", "b", "c"]) await run.send(received(id, id === "b" ? "peer-2" : "peer-1"));
    run.forget();
    await run.send({ type: "ASKER_LOST", askerId: "peer-1" });
    expect(run.script).toMatchSnapshot();
    expect(run.open).toHaveLength(1);
  });

  chartTests(sendsyncQueue, {
    start,
    resting: ["idle", "working", "saturated"],
    patience: 0,
    events: [received("a"), { type: "ASKER_LOST", askerId: "peer-1" }],
    outline: ({ waiting, running }) => [(waiting as unknown[]).length, (running as unknown[]).length],
  });
});
