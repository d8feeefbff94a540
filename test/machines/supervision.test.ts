import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createActor, fromPromise, setup } from "xstate";
import {
  crashedTooOften,
  CRASHES_ALLOWED,
  isActive,
  noteCrash,
  restartDelay,
  stopOrphans,
  type Crashes,
} from "../../machines/supervision.js";

/** A crash counts for a minute; the first restart comes after a tenth of a second. */
const WINDOW = 60_000;
const FIRST_DELAY = 100;

const crashAt = (...times: number[]): Crashes => times.reduce<Crashes>((all, at) => noteCrash(all, "child", at), {});

describe("noteCrash", () => {
  test("keeps the crashes of each child apart", () => {
    const crashes = noteCrash(noteCrash({}, "one", 5), "other", 7);
    expect(crashes).toEqual({ one: [5], other: [7] });
  });

  test("does not change the record that it was given", () => {
    const before = Object.freeze({ child: Object.freeze([1]) });
    noteCrash(before, "child", 2);
    expect(before).toEqual({ child: [1] });
  });

  test("forgets what lies a whole window back, and nothing younger", () => {
    expect(crashAt(0, WINDOW - 1)["child"]).toEqual([0, WINDOW - 1]);
    expect(crashAt(0, WINDOW)["child"]).toEqual([WINDOW]);
  });

  test("never holds more crashes than happened within the window", () => {
    const gaps = fc.array(fc.nat({ max: 30_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(gaps, (between) => {
        let now = 0;
        const times = between.map((gap) => (now += gap));
        const kept = crashAt(...times)["child"] ?? [];
        expect(kept).toEqual(times.filter((at) => now - at < WINDOW));
      }),
    );
  });
});

describe("crashedTooOften", () => {
  test("a child that never crashed has not", () => {
    expect(crashedTooOften({}, "child")).toBe(false);
  });

  test("is true from the crash after the allowed ones on", () => {
    const times = Array.from({ length: CRASHES_ALLOWED }, (_, index) => index);
    expect(crashedTooOften(crashAt(...times), "child")).toBe(false);
    expect(crashedTooOften(crashAt(...times, 100), "child")).toBe(true);
  });

  test("is false for crashes that lie far apart", () => {
    const times = Array.from({ length: 20 }, (_, index) => index * WINDOW);
    expect(crashedTooOften(crashAt(...times), "child")).toBe(false);
  });
});

describe("restartDelay", () => {
  test("doubles with each crash of the window", () => {
    const times = [1, 2, 3, 4, 5];
    const delays = times.map((_, index) => restartDelay(crashAt(...times.slice(0, index + 1)), "child"));
    expect(delays).toEqual([FIRST_DELAY, 200, 400, 800, 1600]);
  });

  test("starts anew once the crashes are forgotten", () => {
    expect(restartDelay(crashAt(1, 2, 3, 3 + WINDOW), "child")).toBe(FIRST_DELAY);
  });

  test("is the first delay for a child without crashes", () => {
    expect(restartDelay({}, "child")).toBe(FIRST_DELAY);
  });
});

describe("actors that crashed", () => {
  /** A parent whose child waits for work that never ends, and throws when it is poked. */
  function family() {
    const signals: AbortSignal[] = [];
    const endless = fromPromise<void>(({ signal }) => {
      signals.push(signal);
      return new Promise<void>(() => undefined);
    });
    const child = setup({ actors: { endless } }).createMachine({
      id: "child",
      invoke: { src: "endless" },
      on: {
        POKE: {
          actions: () => {
            throw new Error("poked");
          },
        },
      },
    });
    const parent = setup({ actors: { child } }).createMachine({
      invoke: { src: "child", id: "child" },
      on: { "xstate.error.actor.*": {} },
    });
    const actor = createActor(parent).start();
    return { actor, signals, find: () => actor.getSnapshot().children["child"] };
  }

  test("a child that runs is active; one that threw, or that is not there, is not", () => {
    const { actor, find } = family();
    expect(isActive(find())).toBe(true);
    find()?.send({ type: "POKE" });
    expect(isActive(find())).toBe(false);
    expect(isActive(undefined)).toBe(false);
    actor.stop();
  });

  test("their work goes on until their orphans are stopped", () => {
    const { actor, find, signals } = family();
    find()?.send({ type: "POKE" });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    stopOrphans(find());
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    actor.stop();
  });

  test("stopping the orphans of an actor that is not there does nothing", () => {
    expect(() => {
      stopOrphans(undefined);
    }).not.toThrow();
  });
});
