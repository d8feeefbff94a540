import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { publicContext } from "../../../src/inspector/feed/publicContext.js";
import { eventLabel } from "../../../src/inspector/feed/eventLabel.js";

describe("publicContext", () => {
  test("keeps plain values, and leaves out functions and what is more than data", () => {
    const clock = { now: () => 1, wallTime: () => 2 };
    const context = { files: 3, name: "w1", none: null, on: true, clock, random: () => 1, map: new Map(), list: [1, "a"] };
    expect(publicContext(context)).toEqual({ files: 3, name: "w1", none: null, on: true, list: [1, "a"] });
  });

  test("masks what is called like a secret, however deep", () => {
    expect(publicContext({ key: "k", inner: { token: "t", password: "p", keepAlive: 9 } })).toEqual({
      key: "********",
      inner: { token: "********", password: "********", keepAlive: 9 },
    });
  });

  test("says an error's message once, and not its exception for the peer", () => {
    const lastError = { code: 3039, message: "no file came", step: "receivingFile", exception: '{"__x":1}' };
    expect(publicContext({ record: { lastError } })).toEqual({
      record: { lastError: { code: 3039, message: "no file came", step: "receivingFile" } },
    });
  });

  test("cuts what is long, wide or deep", () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${String(at)}`, at]));
    const { text, many, table, deep } = publicContext({
      text: "x".repeat(1000),
      many: Array.from({ length: 100 }, (_, at) => at),
      table: wide,
      deep: { a: { b: { c: { d: 1 } } } },
    });
    expect((text as string).length).toBe(301);
    expect(many).toHaveLength(41);
    expect(Object.keys(table as object)).toHaveLength(41);
    expect(deep).toEqual({ a: { b: { c: "…" } } });
  });

  test("is JSON of bounded size, whatever is in a context", () => {
    const anything = fc.object({ maxDepth: 6, withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
    fc.assert(
      fc.property(anything, (context) => {
        const shown = publicContext(context);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe("eventLabel", () => {
  test.each([
    ["PERMISSION_ASKED", "PERMISSION_ASKED"],
    ["xstate.init", "start"],
    ["xstate.done.actor.0.integritySync.packing", "done"],
    ["xstate.error.actor.0.integritySync.packing", "failed"],
    ["xstate.after.workDeadline.integritySync.packing", "after workDeadline"],
    ["xstate.error.actor.integritySync", "integritySync failed"],
  ])("%s reads %s", (type, label) => {
    expect(eventLabel(type)).toBe(label);
  });
});
