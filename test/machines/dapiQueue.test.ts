import { describe, expect, test } from "vitest";
import { dapiQueue } from "../../machines/dapiQueue.js";
import type { QueuedRequest } from "../../machines/dapiRequest.js";
import { chartTests } from "../support/machineChart.js";
import { MachineRun } from "../support/machineRun.js";

const request = (requestId: string, askerId = "local-1"): QueuedRequest => ({
  requestId,
  functionName: "get_agents",
  origin: "1",
  askerId,
  route: "execute",
  executionDeadline: 10_000,
  requestDeadline: 200_000,
});
const received = (requestId: string, askerId?: string) => ({ type: "REQUEST_RECEIVED" as const, request: request(requestId, askerId) });

const start = (children: "fake" | "real" = "fake") =>
  MachineRun.start(dapiQueue, { children, input: (clock) => ({ clock, concurrency: 2, capacity: 1, stepDeadline: 30_000 }) });

describe("dapiQueue", () => {
  test("starts an actor for a request, and uses it again for the next one", async () => {
    const run = start("real").forget();
    await run.send(received("a"));
    await run.resolve("slot-1/execute");
    await run.resolve("slot-1/respond");
    await run.send(received("b"));
    expect(run.script).toMatchSnapshot();
    expect([...run.childStates.keys()]).toEqual(["slot-1"]);
  });

  test("many requests leave no more actors and no larger context than the first", async () => {
    const run = start("real");
    const size = (): number => JSON.stringify(run.context).length;
    await run.send(received("request-1"));
    await run.resolve("slot-1/execute");
    await run.resolve("slot-1/respond");
    const after = size();
    for (let at = 2; at < 50; at += 1) {
      await run.send(received(`request-${String(at)}`));
      await run.resolve("slot-1/execute");
      await run.resolve("slot-1/respond");
    }
    expect(size() - after).toBeLessThan(10);
    expect([...run.childStates.keys()]).toEqual(["slot-1"]);
  });

  test("a slow request holds up no other", async () => {
    const run = start("real");
    await run.send(received("slow"));
    await run.send(received("quick"));
    await run.resolve("slot-2/execute");
    await run.resolve("slot-2/respond");
    await run.send(received("next"));
    expect(run.childState("slot-1")).toBe("executing");
    expect(run.childState("slot-2")).toBe("executing");
  });

  test("what waits is bounded: one more is refused and counted, and room makes it recover", async () => {
    const run = start().forget();
    for (const id of ["a", "b", "c", "d"]) await run.send(received(id));
    expect(run.state).toBe("saturated");
    expect(run.context).toMatchObject({ received: 3, refused: 1 });
    await run.send({ type: "REQUEST_FINISHED", slot: "slot-1" });
    expect(run.state).toBe("working");
    await run.send({ type: "REQUEST_FINISHED", slot: "slot-1" });
    await run.send({ type: "REQUEST_FINISHED", slot: "slot-2" });
    expect(run.state).toBe("idle");
    expect(run.script).toMatchSnapshot();
  });

  test("a lost asker's requests are dropped, those in work are told so, others stay", async () => {
    const run = start();
    await run.send(received("a", "peer-1"));
    await run.send(received("b", "peer-2"));
    await run.send(received("c", "peer-1"));
    run.forget();
    await run.send({ type: "ASKER_LOST", askerId: "peer-1" });
    expect(run.context).toMatchObject({ dropped: 2, waiting: [] });
    expect(run.script).toMatchSnapshot();
  });

  test("a crash is one request's: it is refused, and the next one finds an actor", async () => {
    const run = start();
    await run.send(received("a"));
    run.forget();
    await run.crash("slot-1");
    await run.send(received("b"));
    expect(run.context).toMatchObject({ crashed: 1 });
    expect(run.script).toMatchSnapshot();
  });

  chartTests(dapiQueue, {
    start: () => start(),
    resting: ["idle", "working", "saturated"],
    patience: 0,
    events: [
      received("a"),
      { type: "REQUEST_FINISHED", slot: "slot-1" },
      { type: "REQUEST_FINISHED", slot: "slot-2" },
      { type: "ASKER_LOST", askerId: "local-1" },
    ],
    crashing: ["slot-1"],
    outline: ({ waiting, running }) => [(waiting as unknown[]).length, (running as unknown[]).length],
  });
});
