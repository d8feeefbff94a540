import { describe, expect, test } from "vitest";
import { withDeadline } from "../../../src/agents/withDeadline.js";
import { ManualClock } from "../../support/manualClock.js";

const forever = (): Promise<never> => new Promise(() => undefined);

describe("a call's deadline", () => {
  test("gives the work's value and leaves no timer", async () => {
    const clock = new ManualClock();
    expect(await withDeadline(clock, undefined, 50, "work", () => Promise.resolve(7))).toBe(7);
    expect(clock.pending).toBe(0);
  });

  test("gives the work's error", async () => {
    await expect(
      withDeadline(new ManualClock(), undefined, 50, "work", () => Promise.reject(new Error("no"))),
    ).rejects.toThrow("no");
  });

  test("fails with 2007 when the time is over, though the work goes on", async () => {
    const clock = new ManualClock();
    const call = withDeadline(clock, undefined, 50, "counting", forever);
    clock.advance(50);
    await expect(call).rejects.toMatchObject({ code: 2007, extraMessage: "counting took longer than 50 ms" });
  });

  test("takes the caller's time instead of the default", async () => {
    const clock = new ManualClock();
    const call = withDeadline(clock, { timeout: 10 }, 50, "counting", forever);
    clock.advance(10);
    await expect(call).rejects.toMatchObject({ code: 2007 });
  });

  test("fires the work's signal at the deadline and at the caller's abort", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const work = (signal: AbortSignal): Promise<never> => {
      signals.push(signal);
      return forever();
    };
    const late = withDeadline(clock, undefined, 50, "work", work);
    const aborted = withDeadline(clock, { signal: controller.signal, timeout: 1000 }, 50, "work", work);
    clock.advance(50);
    controller.abort(new Error("changed my mind"));
    await expect(late).rejects.toMatchObject({ code: 2007 });
    await expect(aborted).rejects.toThrow("changed my mind");
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([true, true]);
    expect(clock.pending).toBe(0);
  });

  test("does not begin when the signal has fired", async () => {
    let begun = false;
    const work = (): Promise<void> => {
      begun = true;
      return Promise.resolve();
    };
    await expect(
      withDeadline(new ManualClock(), { signal: AbortSignal.abort(new Error("before")) }, 50, "work", work),
    ).rejects.toThrow("before");
    expect(begun).toBe(false);
  });
});
