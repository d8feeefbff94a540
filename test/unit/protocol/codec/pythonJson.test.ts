import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PythonFloat, stringifyPython } from "../../../../src/protocol/pythonJson.js";

function fixture<T>(name: string): T[] {
  const file = new URL(`../../../fixtures/python/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as T[];
}

describe("as Python's json.dumps writes them", () => {
  test.each(fixture<[unknown, string]>("values"))("%j", (value, text) => {
    expect(stringifyPython(value)).toBe(text);
  });

  test("500 floats and more", () => {
    const floats = fixture<[string, string]>("floats");
    expect(floats.length).toBeGreaterThan(500);
    for (const [hex, text] of floats) {
      const value = Buffer.from(hex, "hex").readDoubleBE();
      expect(stringifyPython(new PythonFloat(value))).toBe(text);
    }
  });
});

describe("PythonFloat", () => {
  test.each([
    [1795458272, "1795458272.0"],
    [1795457980.7973995, "1795457980.7973995"],
    [1e16, "1e+16"],
    [1.5e300, "1.5e+300"],
    [9999999999999998, "9999999999999998.0"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [-2.5, "-2.5"],
    [0, "0.0"],
    [-0, "-0.0"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
  ])("%d prints as %s", (value, text) => {
    expect(new PythonFloat(value).toString()).toBe(text);
  });

  test("any float reads back as the same number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = new PythonFloat(value).toString();
        expect(Object.is(Number(text), value)).toBe(true);
        expect(text).toMatch(/[.e]/);
      }),
    );
  });
});

describe("stringifyPython", () => {
  test("separates with a blank after comma and colon", () => {
    expect(stringifyPython({ a: 1, b: [true, null] })).toBe('{"a": 1, "b": [true, null]}');
  });

  test("keeps the order of an object's keys", () => {
    expect(stringifyPython({ zeta: 1, alpha: 2 })).toBe('{"zeta": 1, "alpha": 2}');
  });

  test("keeps the order of a Map's keys, also of those that look like numbers", () => {
    const members = new Map<string, unknown>([
      ["b", 1],
      ["10", { c: null }],
      ["2", []],
    ]);
    expect(stringifyPython(members)).toBe('{"b": 1, "10": {"c": null}, "2": []}');
  });

  test("leaves out keys without a value", () => {
    expect(stringifyPython({ a: undefined, b: 1 })).toBe('{"b": 1}');
  });

  test("escapes each half of a surrogate pair", () => {
    expect(stringifyPython("é😀")).toBe('"\\u00e9\\ud83d\\ude00"');
  });

  test("escapes keys as it does values", () => {
    expect(stringifyPython({ 'ä"': 1 })).toBe('{"\\u00e4\\"": 1}');
  });

  test.each([
    [5, "5"],
    [-0, "0"],
    [2 ** 53 - 1, "9007199254740991"],
    [1e16, "1e+16"],
    [0.5, "0.5"],
    [123456789012345678901234567890n, "123456789012345678901234567890"],
  ])("prints the number %d as %s", (value, text) => {
    expect(stringifyPython(value)).toBe(text);
  });

  test("prints objects without a prototype", () => {
    expect(stringifyPython(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a": 1}');
  });

  test("prints an own key named __proto__ like any other", () => {
    expect(stringifyPython(JSON.parse('{"__proto__": {"a": 1}}'))).toBe('{"__proto__": {"a": 1}}');
  });

  test.each([
    ["undefined", undefined],
    ["undefined in an array", [undefined]],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a date", new Date(0)],
    ["a set", new Set([1])],
    ["a Map with a key that is no text", new Map([[1, 2]])],
  ])("refuses %s", (_, value) => {
    expect(() => stringifyPython(value)).toThrow(TypeError);
  });

  test("any JSON value is ASCII and reads back as itself", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = stringifyPython(value);
        expect(text).toMatch(/^[ -~]*$/);
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(text)).toEqual(plain);
      }),
    );
  });

  test("any text is ASCII and reads back as itself, lone surrogates too", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const value = String.fromCharCode(...units);
        const text = stringifyPython(value);
        expect(text).toMatch(/^[ -~]*$/);
        expect(JSON.parse(text)).toBe(value);
      }),
    );
  });
});
