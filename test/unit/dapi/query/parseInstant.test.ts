import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseInstant } from "../../../../src/dapi/query/parseInstant.js";

describe("an instant", () => {
  test.each([
    ["2026-03-04", "2026-03-04T00:00:00.000Z"],
    ["2026-03-04 05:06:07", "2026-03-04T05:06:07.000Z"],
    ["2026-03-04T05:06:07Z", "2026-03-04T05:06:07.000Z"],
    ["2026-03-04T05:06:07", "2026-03-04T05:06:07.000Z"],
    ["2026-03-04T05:06:07.25Z", "2026-03-04T05:06:07.250Z"],
    ["2026/03/04 05:06:07", "2026-03-04T05:06:07.000Z"],
  ])("%s is %s", (text, expected) => {
    expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  test.each([
    "",
    "2026",
    "2026-13-01",
    "2026-02-31",
    "2026-01-01T24:00:00",
    "2026-01-01 10:60:00",
    "2026-01-01x",
    "1.2.3",
  ])("%j is none", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  test("is read back from any whole second", () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (epoch) => {
        const text = `${new Date(epoch * 1000).toISOString().slice(0, 19)}Z`;
        expect(parseInstant(text)).toBe(epoch * 1000);
      }),
    );
  });
});
