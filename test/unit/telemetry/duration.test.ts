import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, Stopwatch } from "../../../src/telemetry/duration.js";

describe("durations", () => {
  it.each([
    [12, "0.012s"],
    [0, "0.000s"],
    [0.4, "0.000s"],
    [1000, "1.000s"],
    [61_234.5678, "61.235s"],
    [-3, "0.000s"],
  ])("print %s ms as %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it("always have three decimals", () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1e12, noNaN: true }), (milliseconds) => {
        expect(formatDuration(milliseconds)).toMatch(/^\d+\.\d{3}s$/);
      }),
    );
  });

  it("are measured by the given clock from the stopwatch's creation on", () => {
    let now = 5000;
    const stopwatch = new Stopwatch({ now: () => now });
    expect(stopwatch.elapsed).toBe(0);
    now = 5012;
    expect(stopwatch.elapsed).toBe(12);
    expect(`Finished in ${stopwatch.toString()}.`).toBe("Finished in 0.012s.");
  });
});
