import { describe, expect, it } from "vitest";
import { createActor, createMachine } from "xstate";
import { announceLife } from "../../../src/node/announceLife.js";
import { ManualClock } from "../../support/manualClock.js";

const machine = createMachine({
  initial: "starting",
  on: { FAIL: ".failed" },
  states: { starting: { on: { GO: "running" } }, running: { on: { STOP: "draining" } }, draining: {}, failed: {} },
});

function announced(kind: "master" | "worker") {
  const clock = new ManualClock();
  const heard: string[] = [];
  let served = 0;
  const actor = createActor(machine).start();
  const life = announceLife({
    node: { actor, ended: new Promise(() => undefined) },
    kind,
    clock,
    manager: {
      watchdog: 3_000,
      ready: (status) => heard.push(`ready: ${status}`),
      status: (status) => heard.push(`status: ${status}`),
      stopping: () => heard.push("stopping"),
      alive: () => heard.push("alive"),
    },
    onServing: () => {
      served += 1;
    },
  });
  return { clock, heard, actor, life, served: () => served };
}

describe("what a service manager hears", () => {
  it("a master serves once it runs, a worker at once", () => {
    const master = announced("master");
    expect(master.heard).toEqual([]);
    master.actor.send({ type: "GO" });
    expect(master.heard).toEqual(["ready: master: running"]);
    expect(master.served()).toBe(1);
    expect(announced("worker").heard).toEqual(["ready: worker: starting"]);
  });

  it("signs of life, three in a watchdog's time, until the root actor has failed", () => {
    const { clock, heard, actor } = announced("master");
    actor.send({ type: "GO" });
    clock.advance(3_000);
    expect(heard.filter((text) => text === "alive")).toHaveLength(3);
    actor.send({ type: "FAIL" });
    clock.advance(9_000);
    expect(heard.filter((text) => text === "alive")).toHaveLength(3);
  });

  it("nothing more after the end, and the stop in between", () => {
    const { clock, heard, actor, life } = announced("master");
    actor.send({ type: "GO" });
    actor.send({ type: "STOP" });
    expect(heard.slice(1)).toEqual(["stopping", "status: master: draining"]);
    life.stop();
    clock.advance(9_000);
    expect(heard).toHaveLength(3);
  });
});
