import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEEPEST_QUERY, LONGEST_QUERY, parseQuery } from "../../../../src/dapi/query/parseQuery.js";
import { clausesOf, type Clause } from "../../../../src/dapi/query/Query.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { anyClause, anyQuery, printQuery } from "./printQuery.js";

const clause = (field: string, operator: Clause["operator"], value: string): Clause => ({
  kind: "clause",
  field,
  operator,
  value,
});

function errorOf(text: string, fields?: readonly string[]): MusterError {
  try {
    parseQuery(text, fields);
  } catch (error) {
    if (error instanceof MusterError) return error;
  }
  throw new Error(`${text} was taken`);
}

describe("a query", () => {
  test("means what was printed", () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(parseQuery(printQuery(query))).toEqual(query);
      }),
    );
  });

  test("gives its clauses from left to right", () => {
    fc.assert(
      fc.property(fc.array(anyClause, { minLength: 1, maxLength: 8 }), (clauses) => {
        expect(clausesOf(parseQuery(clauses.map((one) => printQuery(one)).join(";")))).toEqual(clauses);
      }),
    );
  });

  test.each(["=", "!=", "<", ">", "~"] as const)("compares with %s", (operator) => {
    expect(parseQuery(`level${operator}7`)).toEqual(clause("level", operator, "7"));
  });

  test("binds ; more strongly than ,", () => {
    expect(parseQuery("a=1,b=2;c=3")).toEqual({
      kind: "or",
      parts: [clause("a", "=", "1"), { kind: "and", parts: [clause("b", "=", "2"), clause("c", "=", "3")] }],
    });
  });

  test("is grouped by parentheses", () => {
    expect(parseQuery("(a=1,b=2);c=3")).toEqual({
      kind: "and",
      parts: [{ kind: "or", parts: [clause("a", "=", "1"), clause("b", "=", "2")] }, clause("c", "=", "3")],
    });
  });

  test("may have parentheses that change nothing", () => {
    expect(parseQuery("((a=1))")).toEqual(clause("a", "=", "1"));
  });

  test("keeps spaces, colons, slashes and later operators in a value", () => {
    expect(parseQuery("date>2026-01-02 03:04:05")).toEqual(clause("date", ">", "2026-01-02 03:04:05"));
    expect(parseQuery("description~a/b = c")).toEqual(clause("description", "~", "a/b = c"));
  });

  test.each([
    ["", "nothing"],
    ["level", "a field alone"],
    ["level=", "no value"],
    ["=7", "no field"],
    ["a b=1", "a space in a field"],
    ["a=1;", "nothing after ;"],
    ["a=1,,b=2", "nothing between two commas"],
    ["(a=1", "an open parenthesis"],
    ["a=1)", "a parenthesis that closes nothing"],
    ["()", "empty parentheses"],
    ["a=1(b=2)", "no separator"],
    ["a..b=1", "an empty name"],
    [".a=1", "a name that begins with a dot"],
  ])("%j is refused with 1407: %s", (text) => {
    expect(errorOf(text)).toMatchObject({ code: 1407, errorClass: "WazuhError" });
  });

  test.each(["id>=5", "id==5", "id=>5", "id<>5", "id!5", "id~=5"])(
    "%s is refused with 1409, and says what there is",
    (text) => {
      const error = errorOf(text);
      expect(error.code).toBe(1409);
      expect(error.message).toContain("Valid operators: =, !=, <, >, ~. Used operator: ");
    },
  );

  test("is refused with 1408 for a field that does not exist, anywhere in it", () => {
    const error = errorOf("id=1;(name=x,colour=red)", ["id", "name"]);
    expect(error.code).toBe(1408);
    expect(error.extraMessage).toBe("Available fields: id, name. Field: colour");
  });

  test("with known fields is taken", () => {
    expect(parseQuery("os.name=x", ["os.name"])).toEqual(clause("os.name", "=", "x"));
  });

  test("is read up to its longest, and no further", () => {
    expect(parseQuery(`a=${"x".repeat(LONGEST_QUERY - 2)}`)).toMatchObject({ field: "a" });
    expect(errorOf(`a=${"x".repeat(LONGEST_QUERY - 1)}`).code).toBe(1407);
  });

  test("nests up to its deepest, and no further", () => {
    const nested = (depth: number): string => `${"(".repeat(depth)}a=1${")".repeat(depth)}`;
    expect(parseQuery(nested(DEEPEST_QUERY))).toEqual(clause("a", "=", "1"));
    expect(errorOf(nested(DEEPEST_QUERY + 1)).code).toBe(1407);
    expect(errorOf("(".repeat(LONGEST_QUERY)).code).toBe(1407);
  });

  test("of many clauses is parsed, or refused, without failing otherwise", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab.=!<>~;,()' \\") }), (text) => {
        try {
          parseQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(MusterError);
          expect([1407, 1409]).toContain((error as MusterError).code);
        }
      }),
    );
  });

  test("repeats only the beginning of what is wrong", () => {
    expect(errorOf(`a=1;${"b".repeat(5000)}`).message.length).toBeLessThan(400);
  });
});
