import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loggable, loggableFields } from "../../../src/telemetry/logFields.js";

describe("values of a log line", () => {
  it.each([
    ["text", "x", "x"],
    ["a number", 1.5, 1.5],
    ["null", null, null],
    ["a big integer", 12n, "12"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", () => 1, "[function]"],
    ["an instant", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["no instant", new Date(Number.NaN), "Invalid Date"],
    ["a buffer", Buffer.from("secret bytes"), "[12 bytes]"],
    ["typed numbers", new Float64Array(2), "[16 bytes]"],
    ["an array buffer", new ArrayBuffer(3), "[3 bytes]"],
    ["shared memory", new SharedArrayBuffer(4), "[4 bytes]"],
    ["a set", new Set([1, 2]), [1, 2]],
    [
      "a map",
      new Map<unknown, unknown>([
        ["a", 1],
        [2, "b"],
      ]),
      { a: 1, 2: "b" },
    ],
    ["nested data", { a: [{ b: 1 }] }, { a: [{ b: 1 }] }],
  ])("hold %s", (_name, value, expected) => {
    expect(loggable(value)).toEqual(expected);
  });

  it("mask what is named like a secret, wherever it stands", () => {
    const secret = "9d273b53510fef702b54a92e9cffc82e";
    const fields = {
      key: secret,
      config: { cluster: { key: secret } },
      headers: [{ Authorization: secret }],
      map: new Map([["token", secret]]),
    };
    expect(JSON.stringify(loggableFields(fields))).not.toContain(secret);
  });

  it("show errors with code, stack and causes", () => {
    const cause = Object.assign(new Error("disk"), { code: "ENOSPC" });
    const shown = loggable(new TypeError("outer", { cause }));
    expect(shown).toMatchObject({
      name: "TypeError",
      message: "outer",
      cause: { name: "Error", message: "disk", code: "ENOSPC" },
    });
    expect(shown).toHaveProperty("stack", expect.stringContaining("logFields.test"));
  });

  it("show the errors of an aggregate", () => {
    expect(loggable(new AggregateError([new Error("a")], "all"))).toMatchObject({ errors: [{ message: "a" }] });
  });

  it("cut cycles, long lists and wide objects", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.stringify(loggable(cycle))).toContain("[…]");
    expect(loggable(Array.from({ length: 150 }, (_, index) => index))).toHaveLength(101);
    const wide = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`n${index}`, index]));
    expect(loggable(wide)).toMatchObject({ "…": "50 more" });
  });

  it("survive getters that throw", () => {
    const hostile = {
      get bad(): never {
        throw new Error("no");
      },
      good: 1,
    };
    expect(loggable(hostile)).toEqual({ bad: "[unreadable]", good: 1 });
  });

  it("are JSON, whatever was given", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          const shown = loggableFields({ value });
          expect(() => JSON.stringify(shown)).not.toThrow();
        },
      ),
    );
  });
});
