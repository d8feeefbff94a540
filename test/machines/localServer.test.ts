import { describe, expect, test } from "vitest";
import { localClient } from "../../machines/localClient.js";
import { localServer, type LocalServerEvent } from "../../machines/localServer.js";
import { chartTests } from "../support/machineChart.js";
import { MachineRun } from "../support/machineRun.js";

const connected = (clientId: string) => ({ type: "CLIENT_CONNECTED" as const, clientId });
const closed = (clientId: string) => ({ type: "CLIENT_CLOSED" as const, clientId, reason: "the client closed the connection" });
const asked = (clientId: string) => ({ type: "CLIENT_ASKED" as const, clientId, command: "get_nodes" });
const start = () => MachineRun.start(localServer, { input: (clock) => ({ clock, capacity: 2 }) });

describe("localServer", () => {
  test("a client comes, asks and goes", async () => {
    const run = start().forget();
    await run.send(connected("17"));
    await run.send(asked("17"));
    expect(run.child("17").getSnapshot()).toMatchObject({ context: { requests: 1, lastCommand: "get_nodes" } });
    await run.send(closed("17"));
    expect(run.script).toMatchSnapshot();
    expect([...run.childStates]).toEqual([]);
  });

  test("one client more than it takes is refused, and its end changes nothing", async () => {
    const run = start();
    for (const id of ["1", "2", "3"]) await run.send(connected(id));
    expect(run.state).toBe("saturated");
    expect(run.context).toMatchObject({ clients: 2, refused: 1 });
    await run.send(closed("3"));
    expect(run.context).toMatchObject({ clients: 2 });
    await run.send(closed("1"));
    expect(run.state).toBe("serving");
  });

  test("what an unknown client asks is nobody's", async () => {
    const run = start();
    await run.send(asked("9"));
    expect(run.state).toBe("idle");
  });

  chartTests(localServer, {
    start,
    resting: ["idle", "serving", "saturated"],
    patience: 0,
    // A client's number is in use once at a time: the node gives no other.
    events: [],
    more: (run) => {
      const events = ["1", "2", "3"].flatMap((id): LocalServerEvent[] => (run.childState(id) === undefined ? [connected(id)] : [closed(id), asked(id)]));
      return events.map((event) => ({ name: `${event.type} ${event.clientId}`, make: (next) => next.send(event) }));
    },
    outline: ({ clients }) => clients,
  });
});

describe("localClient", () => {
  const client = () => MachineRun.start(localClient, { input: (clock) => ({ clientId: "17", clock }) });

  test("keeps why it was closed", async () => {
    const run = client();
    await run.send({ type: "LINK_CLOSED", reason: "it broke" });
    expect(run.context).toMatchObject({ closeReason: "it broke" });
  });

  chartTests(localClient, {
    start: client,
    resting: ["connected", "closed"],
    patience: 0,
    events: [{ type: "REQUEST_RECEIVED", command: "dapi" }, { type: "LINK_CLOSED", reason: "it broke" }],
  });
});
