import { describe, expect, test } from "vitest";
import { dapiRequest, type DapiRoute, type QueuedRequest } from "../../machines/dapiRequest.js";
import { chartTests } from "../support/machineChart.js";
import { MachineRun } from "../support/machineRun.js";

const STEP = 30_000;
const EXECUTION = 10_000;
const REQUEST = 200_000;

const request = (route: DapiRoute): QueuedRequest => ({
  requestId: "request-1",
  functionName: "get_agents",
  origin: "worker-1",
  askerId: "peer-1",
  route,
  executionDeadline: EXECUTION,
  requestDeadline: REQUEST,
});

const start = () => MachineRun.start(dapiRequest, { input: (clock) => ({ slot: "slot-1", clock, stepDeadline: STEP }) });

async function assigned(route: DapiRoute) {
  const run = start().forget();
  await run.send({ type: "REQUEST_ASSIGNED", request: request(route) });
  return { run };
}

describe("dapiRequest", () => {
  test("rests until it gets a request", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("a local request is executed and answered, and the actor takes the next one", async () => {
    const { run } = await assigned("execute");
    await run.resolve("execute");
    await run.resolve("respond");
    expect(run.told).toEqual([{ type: "REQUEST_FINISHED", slot: "slot-1" }]);
    await run.send({ type: "REQUEST_ASSIGNED", request: request("execute") });
    expect(run.script).toMatchSnapshot();
  });

  test("a request for several nodes is resolved, forwarded, collected and answered", async () => {
    const { run } = await assigned("solve");
    await run.resolve("resolve");
    await run.resolve("forward");
    await run.resolve("collect");
    await run.resolve("respond");
    expect(run.script).toMatchSnapshot();
  });

  test("the master's request needs no resolution", async () => {
    const { run } = await assigned("askMaster");
    expect(run.state).toBe("forwarding");
  });

  test("a function that takes too long is answered with 3021, and is cancelled", async () => {
    const { run } = await assigned("execute");
    await run.advance(EXECUTION);
    await run.resolve("respond");
    expect(run.script).toMatchSnapshot();
  });

  test("nodes that do not answer in time end the wait", async () => {
    const { run } = await assigned("askMaster");
    await run.resolve("forward");
    await run.advance(REQUEST);
    expect(run.state).toBe("responding");
  });

  test("an answer that can't be sent is a failure, told once", async () => {
    const { run } = await assigned("execute");
    await run.resolve("execute");
    await run.reject("respond", new Error("the connection is closed"));
    expect(run.script).toMatchSnapshot();
    expect(run.context).toMatchObject({ failures: 1 });
  });

  test("a request whose asker is gone is given up; another's is not", async () => {
    const { run } = await assigned("execute");
    await run.send({ type: "ASKER_LOST", askerId: "peer-2" });
    expect(run.state).toBe("executing");
    await run.send({ type: "ASKER_LOST", askerId: "peer-1" });
    expect(run.script).toMatchSnapshot();
    expect(run.told).toEqual([{ type: "REQUEST_FINISHED", slot: "slot-1" }]);
  });

  chartTests(dapiRequest, {
    start,
    resting: ["done", "failed"],
    patience: 2 * STEP + REQUEST + EXECUTION,
    events: [
      { type: "REQUEST_ASSIGNED", request: request("execute") },
      { type: "REQUEST_ASSIGNED", request: request("askMaster") },
      { type: "REQUEST_ASSIGNED", request: request("solve") },
      { type: "ASKER_LOST", askerId: "peer-1" },
    ],
    outline: ({ request: assignedRequest }) => (assignedRequest as QueuedRequest | null)?.route,
  });
});
