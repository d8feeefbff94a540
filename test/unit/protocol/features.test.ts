import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FEATURE, formatFeatures, parseFeatures } from "../../../src/protocol/features.js";

describe("features of muster's own", () => {
  test("travel as JSON", () => {
    expect(formatFeatures([FEATURE.push]).toString()).toBe('{"features":["push"]}');
    expect(parseFeatures(Buffer.from('{"features": ["push", "later"], "more": 1}'))).toEqual(["push", "later"]);
  });

  test("what is written is read", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 32 }), { maxLength: 64 }), (features) => {
        expect(parseFeatures(formatFeatures(features))).toEqual(features);
      }),
      { seed: 7 },
    );
  });

  test.each([
    ["no JSON", "push"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", '["push"]'],
    ["no list", '{"features": "push"}'],
    ["a number in the list", '{"features": ["push", 1]}'],
    ["too many", JSON.stringify({ features: Array.from({ length: 65 }, () => "a") })],
    ["one that is too long", JSON.stringify({ features: ["a".repeat(65)] })],
  ])("%s is refused", (_, text) => {
    expect(() => parseFeatures(Buffer.from(text))).toThrow(/muster/);
  });
});
