import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparePaths } from "../../../../src/integrity/comparePaths.js";

const byBytes = (left: string, right: string): number => Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)));
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom("a", "/", ".", "\ufb01", "\ue000", "😀", "\ud7ff") }));

describe("comparePaths", () => {
  test("orders any two texts by their UTF-8 bytes", () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(comparePaths(left, right))).toBe(byBytes(left, right));
      }),
      { numRuns: 2000 },
    );
  });

  test("puts characters beyond U+FFFF behind those before, unlike JavaScript", () => {
    expect("😀" < "\ufb01").toBe(true);
    expect(comparePaths("😀", "\ufb01")).toBeGreaterThan(0);
    expect(comparePaths("\ufb01", "😀")).toBeLessThan(0);
  });

  test("puts a shorter path before one that continues it", () => {
    expect(comparePaths("\ufb01", "\ufb01a")).toBeLessThan(0);
    expect(comparePaths("etc/rules", "etc/rules/a")).toBeLessThan(0);
  });

  test("puts a folder's files behind names that go on with a dot, and before ones that go on with a digit", () => {
    expect(["a0", "a/b", "a.b", "a"].sort(comparePaths)).toEqual(["a", "a.b", "a/b", "a0"]);
  });
});
