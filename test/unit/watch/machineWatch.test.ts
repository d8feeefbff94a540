import { beforeEach, describe, expect, test } from "vitest";
import { createActor, createMachine, fromPromise, type Actor, type ActorRefFrom } from "xstate";
import { integrityCheck } from "../../../machines/integrityCheck.js";
import { MachineWatch, type MachineListener } from "../../../src/node/watch/MachineWatch.js";
import { ManualClock } from "../../support/manualClock.js";

const INPUT = { syncIntegrity: 9_000, timeoutReceivingFile: 120_000, workDeadline: 600_000, transferDeadline: 3_600_000 };
let clock: ManualClock;
let actor: Actor<typeof integrityCheck>;
let watch: MachineWatch;
let heard: string[];
let isGranted: boolean;

beforeEach(() => {
  clock = new ManualClock();
  heard = [];
  isGranted = true;
  const listener: MachineListener = {
    onStep: (machine, state, milliseconds) => heard.push(`${machine} left ${state} after ${milliseconds}`),
    onRound: (machine, result) => heard.push(`${machine} ${result}`),
    onError: (machine, code) => heard.push(`${machine} error ${code}`),
    onFiles: (machine, action, count) => heard.push(`${machine} ${action} ${count}`),
    onCrash: (machine) => heard.push(`${machine} crashed`),
  };
  const machine = integrityCheck.provide({
    actors: {
      indexFiles: fromPromise(() => Promise.resolve({ version: 1, files: 3 }) as never),
      askPermission: fromPromise(() => Promise.resolve({ granted: isGranted })),
      requestTask: fromPromise(() => Promise.reject(new Error("no task"))),
      reportError: fromPromise(() => Promise.resolve()),
    },
  });
  actor = createActor(machine, { clock, input: { ...INPUT, clock, random: () => 0.5 } });
  actor.start();
  watch = new MachineWatch(actor, clock, listener);
});

/** A round to its end, which needs a few turns. */
async function round(): Promise<void> {
  actor.send({ type: "CHECK_NOW" });
  for (let turn = 0; turn < 50 && !(turn > 0 && actor.getSnapshot().matches("free")); turn += 1) await Promise.resolve();
  expect(actor.getSnapshot().value).toBe("free");
}

describe("machines that are observed", () => {
  test("tell the time in each state, and how a round ended; a time whose begin was not seen is left out", async () => {
    watch.attend();
    clock.advance(500);
    await round();
    clock.advance(2_000);
    await round();
    expect(heard).toEqual([
      "integrityCheck left indexing after 0",
      "integrityCheck left awaitingPermission after 0",
      "integrityCheck left requestingTask after 0",
      "integrityCheck failed",
      "integrityCheck error 1000",
      "integrityCheck left reportingError after 0",
      "integrityCheck left free after 2000",
      ...["indexing", "awaitingPermission", "requestingTask"].map((state) => `integrityCheck left ${state} after 0`),
      "integrityCheck failed",
      "integrityCheck error 1000",
      "integrityCheck left reportingError after 0",
    ]);
  });

  test("tell of a refused round", async () => {
    watch.attend();
    isGranted = false;
    await round();
    expect(heard).toContain("integrityCheck refused");
  });

  test("are not observed before a reader comes, nor when none has come for five minutes", async () => {
    await round();
    expect([watch.isObserving, heard]).toEqual([false, []]);
    watch.attend();
    clock.advance(4 * 60_000);
    watch.attend();
    clock.advance(4 * 60_000);
    expect(watch.isObserving).toBe(true);
    clock.advance(61_000);
    heard = [];
    await round();
    expect([watch.isObserving, heard]).toEqual([false, []]);
  });

  test("tell of a crash", () => {
    const listener = { onStep: () => undefined, onRound: () => undefined, onError: () => undefined, onFiles: () => undefined };
    const fragile = integrityCheck.provide({ actions: { answer: () => { throw new Error("planted"); } } });
    const parent = createActor(createMachine({ invoke: { id: "check", src: fragile, input: { ...INPUT, clock, random: () => 0.5 } }, on: { "xstate.error.actor.check": {} } }));
    parent.start();
    const crashes: string[] = [];
    new MachineWatch(parent, clock, { ...listener, onCrash: (machine) => crashes.push(machine) }).attend();
    (parent.getSnapshot().children.check as ActorRefFrom<typeof integrityCheck>).send({ type: "VERDICT_IN_STEP", requestId: 1 });
    expect(crashes).toEqual(["integrityCheck"]);
  });
});
