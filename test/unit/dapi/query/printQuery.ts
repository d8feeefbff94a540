import fc from "fast-check";
import type { Clause, Query } from "../../../../src/dapi/query/Query.js";

/** A query as its text; every junction inside another stands in parentheses, so that the text has one meaning. */
export function printQuery(query: Query, isInside = false): string {
  if (query.kind === "clause") return `${query.field}${query.operator}${query.value}`;
  const text = query.parts.map((part) => printQuery(part, true)).join(query.kind === "and" ? ";" : ",");
  return isInside ? `(${text})` : text;
}

const letters = (alphabet: string): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 6 }).map((all) => all.join(""));

const anyField = fc.array(letters("abcXYZ09_-"), { minLength: 1, maxLength: 3 }).map((names) => names.join("."));

/** Any text without separators and parentheses that begins with no operator. */
const anyValue = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => !/[,;()]/.test(text) && !/^[=!<>~]/.test(text));

export const anyClause: fc.Arbitrary<Clause> = fc.record({
  kind: fc.constant("clause" as const),
  field: anyField,
  operator: fc.constantFrom("=" as const, "!=" as const, "<" as const, ">" as const, "~" as const),
  value: anyValue,
});

export const anyQuery: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    anyClause,
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("query"), { minLength: 2, maxLength: 4 }),
    }),
  ),
})).query;
