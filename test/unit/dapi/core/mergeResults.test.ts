import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { affectedItems, wazuhResult, type AffectedItemsResult, type ApiResult } from "../../../../src/dapi/results/ApiResult.js";
import { mergeResults } from "../../../../src/dapi/results/mergeResults.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

const of = (list: readonly unknown[], more: Partial<AffectedItemsResult> = {}): AffectedItemsResult =>
  affectedItems({ affectedItems: list, allMessage: "all", someMessage: "some", noneMessage: "none", ...more });
const ghost = (...ids: string[]) => MusterError.notFound(1701, null, { ids });

describe("mergeResults (dapi.md 1.5)", () => {
  test("any cut of a sorted list, merged, is the sorted list", () => {
    const way = fc.property(fc.array(fc.nat(20)), fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), fc.boolean(), (numbers, places, ascending) => {
      const sorted = [...numbers].sort((one, other) => (ascending ? one - other : other - one));
      const parts = [0, 1, 2, 3].map((part) => sorted.filter((_, at) => places[at % 60] === part));
      const merged = mergeResults(parts.map((part) => of(part, { sortAscending: [ascending] }))) as AffectedItemsResult;
      expect(merged.affectedItems).toEqual(sorted);
      expect(merged.totalAffectedItems).toBe(sorted.length);
    });
    fc.assert(way, { seed: 15 });
  });

  test("items are ordered by their fields, nested ones too, and those without stand first", () => {
    const sorting = { sortFields: ["os.name"], sortCasting: ["str"] as const };
    const merged = mergeResults([of([{ id: 1 }, { os: { name: "b" } }], sorting), of([{ os: { name: "a" } }, { os: { name: "c" } }], sorting)]) as AffectedItemsResult;
    expect(merged.affectedItems).toEqual([{ id: 1 }, { os: { name: "a" } }, { os: { name: "b" } }, { os: { name: "c" } }]);
  });

  test("objects under the default cast, on which the reference fails, are merged", () => {
    expect(mergeResults([of([{ a: 1 }]), of([{ b: 2 }])])).toMatchObject({ affectedItems: [{ a: 1 }, { b: 2 }] });
  });

  test("failures of one kind become one, with all their ids", () => {
    const failed = (id: string) => of([], { failedItems: [{ error: ghost(), ids: [id] }] });
    expect(mergeResults([failed("001"), failed("002"), failed("001")])).toMatchObject({ failedItems: [{ ids: ["001", "002"] }] });
  });

  test.each<[string, ApiResult | MusterError, ApiResult | MusterError, object]>([
    ["an error of items is among what failed", of(["1"]), ghost("9"), { affectedItems: ["1"], failedItems: [{ ids: ["9"] }] }],
    ["the same from the left", ghost("9"), of(["1"]), { affectedItems: ["1"], failedItems: [{ ids: ["9"] }] }],
    ["an error of no items is the result", of(["1"]), MusterError.user(1017), { code: 1017 }],
    ["an internal error is the result", of(["1"]), MusterError.internal(3021), { code: 3021 }],
    ["two errors: the left one's code", MusterError.user(1017), MusterError.user(1908), { code: 1017 }],
    ["numbers are added, texts joined, lists united", wazuhResult({ n: 1, t: "a", l: [1, 2] }), wazuhResult({ n: 2, t: "b", l: [2, 3] }), { content: { n: 3, t: "a|b", l: [1, 2, 3] } }],
    ["a text that has priority wins", wazuhResult({ t: "no" }, ["yes", "no"]), wazuhResult({ t: "yes" }), { content: { t: "yes" } }],
    ["results of two kinds can't be merged", of([]), wazuhResult({}), { code: 1000 }],
  ])("%s", (_what, left, right, expected) => {
    expect(mergeResults([left, right])).toMatchObject(expected);
  });

  test("what nodes say of an error is kept from all of them", () => {
    const told = (node: string) => MusterError.internal(1000, null, { dapiErrors: { [node]: { error: "x" } } });
    const merged = mergeResults([told("a"), told("b")]) as MusterError;
    expect(Object.keys(merged.dapiErrors)).toEqual(["a", "b"]);
  });
});
