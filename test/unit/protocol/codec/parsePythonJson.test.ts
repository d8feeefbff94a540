import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePythonJson } from "../../../../src/protocol/parsePythonJson.js";

const faultOf = (text: string): string => {
  try {
    return `parsed ${JSON.stringify(parsePythonJson(text))}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a text that is no JSON is refused in the words of Python's json module", () => {
  // Each message was printed by Python 3.11.
  test.each([
    ["", "Expecting value: line 1 column 1 (char 0)"],
    ["not json", "Expecting value: line 1 column 1 (char 0)"],
    ["  ", "Expecting value: line 1 column 3 (char 2)"],
    ["[1, ]", "Expecting value: line 1 column 5 (char 4)"],
    ["[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
    ["[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"],
    ["{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ['{"a": 1,}', "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['{"a": }', "Expecting value: line 1 column 7 (char 6)"],
    ['{"a": [{}, {]}', "Expecting property name enclosed in double quotes: line 1 column 13 (char 12)"],
    ["{} {}", "Extra data: line 1 column 4 (char 3)"],
    ["01", "Extra data: line 1 column 2 (char 1)"],
    ['"abc', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['["a\\', "Unterminated string starting at: line 1 column 2 (char 1)"],
    ['["a\nb"]', "Invalid control character at: line 1 column 4 (char 3)"],
    ['"\\x"', "Invalid \\escape: line 1 column 2 (char 1)"],
    ['"\\u12g4"', "Invalid \\uXXXX escape: line 1 column 3 (char 2)"],
    ['[1,\n {"a": x}]', "Expecting value: line 2 column 8 (char 11)"],
    ['{"é😀": }', "Expecting value: line 1 column 8 (char 7)"],
  ])("%j", (text, message) => {
    expect(faultOf(text)).toBe(message);
  });
});

test("what is JSON is parsed", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(parsePythonJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("what JSON.parse refuses is refused with a position inside the text or at its end", () => {
  const piece = fc.constantFrom("{", "}", "[", "]", '"', ",", ":", "\\", " ", "\n", "1", "-", "e", "true", "é", "😀");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join("");
      const isJson = ((): boolean => {
        try {
          JSON.parse(text);
          return true;
        } catch {
          return false;
        }
      })();
      const [, position] = /\(char (\d+)\)$/.exec(faultOf(text)) ?? [];
      expect(position === undefined).toBe(isJson);
      if (position !== undefined) expect(Number(position)).toBeLessThanOrEqual([...text].length);
    }),
    { numRuns: 2000 },
  );
});

test("deep nesting costs no stack", () => {
  expect(faultOf("[".repeat(200_000))).toBe("Expecting value: line 1 column 200001 (char 200000)");
});
