import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArrayRules, LARGEST_LIMIT, type Page, processArray } from "../../../../src/dapi/query/processArray.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

const NODES = [
  { name: "beta", size: 2, os: { name: "Debian", version: "11" }, tags: ["x", "y"] },
  { name: "Alpha", size: 10, os: { name: "Ubuntu" }, tags: [] },
  { name: "gamma", size: 1, tags: ["y"] },
];

const namesOf = (page: Partial<Page>, rules?: ArrayRules): unknown[] =>
  processArray(NODES, page, rules).items.map((item) => (item as { name: string }).name);

function errorOf(page: Partial<Page>, rules: ArrayRules = {}, items: readonly unknown[] = NODES): MusterError {
  try {
    processArray(items, page, rules);
  } catch (error) {
    if (error instanceof MusterError) return error;
  }
  throw new Error("no error");
}

describe("offset and limit", () => {
  test("cut a page, and the total counts what is before the cut", () => {
    expect(processArray([1, 2, 3, 4, 5], { offset: 1, limit: 2 })).toEqual({ items: [2, 3], totalItems: 5 });
  });

  test("are 0 and 500 unless said otherwise", () => {
    const many = Array.from({ length: 600 }, (_, index) => index);
    const { items, totalItems } = processArray(many, {});
    expect([items.length, items[0], totalItems]).toEqual([500, 0, 600]);
  });

  test("null is no limit", () => {
    expect(processArray(Array.from({ length: 600 }), { limit: null }).items).toHaveLength(600);
  });

  test("an offset beyond the end gives nothing", () => {
    expect(processArray([1, 2], { offset: 9 })).toEqual({ items: [], totalItems: 2 });
  });

  test.each([
    [{ offset: -1 }, 1400],
    [{ offset: 1.5 }, 1400],
    [{ offset: Number.NaN }, 1400],
    [{ limit: -1 }, 1401],
    [{ limit: 2.5 }, 1401],
    [{ limit: 0 }, 1406],
    [{ limit: LARGEST_LIMIT + 1 }, 1405],
  ])("%j is refused with %i", (page, code) => {
    expect(errorOf(page).code).toBe(code);
    expect(errorOf(page, {}, []).code).toBe(code);
  });

  test("the largest limit is taken, a larger one repeated in its error", () => {
    expect(processArray([1], { limit: LARGEST_LIMIT }).totalItems).toBe(1);
    expect(errorOf({ limit: 100_001 }).message).toBe("Specified limit exceeds maximum allowed: 100001");
  });
});

describe("sort", () => {
  test("is ascending or descending, whatever the case of letters", () => {
    expect(namesOf({ sort: { fields: ["name"], ascending: true } })).toEqual(["Alpha", "beta", "gamma"]);
    expect(namesOf({ sort: { fields: ["name"], ascending: false } })).toEqual(["gamma", "beta", "Alpha"]);
  });

  test("takes numbers as numbers", () => {
    expect(namesOf({ sort: { fields: ["size"], ascending: true } })).toEqual(["gamma", "beta", "Alpha"]);
  });

  test("goes by nested members, those without first", () => {
    expect(namesOf({ sort: { fields: ["os.name"], ascending: true } })).toEqual(["gamma", "beta", "Alpha"]);
  });

  test("keeps the order of equal items in both directions", () => {
    const items = [
      { k: 1, n: "a" },
      { k: 1, n: "b" },
      { k: 0, n: "c" },
    ];
    const sorted = (ascending: boolean): unknown[] =>
      processArray(items, { sort: { fields: ["k"], ascending } }).items.map((item) => (item as { n: string }).n);
    expect(sorted(true)).toEqual(["c", "a", "b"]);
    expect(sorted(false)).toEqual(["a", "b", "c"]);
  });

  test("goes by the next field where the first is equal", () => {
    const items = [
      { a: 1, b: "z" },
      { a: 1, b: "y" },
      { a: 0, b: "x" },
    ];
    const { items: sorted } = processArray(items, { sort: { fields: ["a", "b"], ascending: true } });
    expect(sorted.map((item) => (item as { b: string }).b)).toEqual(["x", "y", "z"]);
  });

  test("without fields sorts texts by themselves and leaves objects", () => {
    expect(processArray(["b", "A", "c"], { sort: { fields: [""], ascending: true } }).items).toEqual(["A", "b", "c"]);
    expect(namesOf({ sort: { fields: [], ascending: true } })).toEqual(["beta", "Alpha", "gamma"]);
  });

  test("takes datetimes as instants", () => {
    const [early, late] = [new Date(Date.UTC(999, 0)), new Date(Date.UTC(2026, 0))];
    expect(processArray([{ at: late }, { at: early }], { sort: { fields: ["at"], ascending: true } }).items).toEqual([
      { at: early },
      { at: late },
    ]);
  });

  test("refuses a field that no item has with 1403", () => {
    const error = errorOf({ sort: { fields: ["name", "colour"], ascending: true } });
    expect(error.code).toBe(1403);
    expect(error.extraRemediation).toBe("Allowed sort fields: name, size, os, tags. Wrong fields: colour");
  });

  test("refuses a field that is not allowed, although items have it, and even when there are none", () => {
    const sort = { fields: ["size"], ascending: true };
    expect(errorOf({ sort }, { allowedSortFields: ["name"] }).code).toBe(1403);
    expect(errorOf({ sort }, { allowedSortFields: ["name"] }, []).code).toBe(1403);
    expect(processArray([], { sort }).items).toEqual([]);
  });
});

describe("search", () => {
  const search = (text: string, negation = false, inFields: string[] | null = null): unknown[] =>
    namesOf({ search: { text, negation, inFields } });

  test("finds a text anywhere in an item, in any case", () => {
    expect(search("DEB")).toEqual(["beta"]);
    expect(search("10")).toEqual(["Alpha"]);
    expect(search("y")).toEqual(["beta", "gamma"]);
  });

  test("finds the others when negated", () => {
    expect(search("y", true)).toEqual(["Alpha"]);
  });

  test("looks only at the named members", () => {
    expect(search("a", false, ["os"])).toEqual(["beta"]);
  });

  test("looks for nothing when empty", () => {
    expect(search("")).toHaveLength(3);
    expect(search("", true)).toHaveLength(3);
  });
});

describe("select", () => {
  test("keeps the asked members and the required ones, in the item's order", () => {
    const { items } = processArray(NODES, { select: ["tags", "size"] }, { requiredFields: ["name"] });
    expect(items[0]).toEqual({ name: "beta", size: 2, tags: ["x", "y"] });
    expect(Object.keys(items[0] as object)).toEqual(["name", "size", "tags"]);
  });

  test("cuts into nested members, several of the same one together", () => {
    const { items } = processArray([{ os: { name: "n", version: "v", arch: "a" }, id: 1 }], {
      select: ["os.name", "os.arch"],
    });
    expect(items).toEqual([{ os: { name: "n", arch: "a" } }]);
  });

  test("of a whole member and a part of it keeps the whole", () => {
    expect(processArray([{ os: { name: "n", arch: "a" } }], { select: ["os.name", "os"] }).items).toEqual([
      { os: { name: "n", arch: "a" } },
    ]);
  });

  test("leaves out items that lack a field, and counts the others", () => {
    expect(processArray(NODES, { select: ["name", "os.version"] })).toEqual({
      items: [{ name: "beta", os: { version: "11" } }],
      totalItems: 1,
    });
  });

  test("refuses a field that no item has with 1724", () => {
    const error = errorOf({ select: ["colour", "name"] });
    expect([error.code, error.extraMessage]).toEqual([1724, "colour, name"]);
  });

  test("with allowed fields says them, as recorded, and keeps items that lack one", () => {
    const rules = { allowedSelectFields: ["name", "os.name"] };
    expect(errorOf({ select: ["nonsense"] }, rules).extraMessage).toBe(
      "Allowed select fields: name, os.name. Fields nonsense",
    );
    expect(processArray(NODES, { select: ["os.name"] }, rules).items).toEqual([
      { os: { name: "Debian" } },
      { os: { name: "Ubuntu" } },
      {},
    ]);
  });

  test("of an empty list is no mistake", () => {
    expect(processArray([], { select: ["colour"] })).toEqual({ items: [], totalItems: 0 });
  });

  test("takes a member whose own name has dots", () => {
    expect(processArray([{ details: { "a.b": 1, c: 2 } }], { select: ["details.a.b"] }).items).toEqual([
      { details: { "a.b": 1 } },
    ]);
  });

  test("happens after sorting, so that one may sort by what is not selected", () => {
    const { items } = processArray(NODES, { select: ["name"], sort: { fields: ["size"], ascending: true } });
    expect(items).toEqual([{ name: "gamma" }, { name: "beta" }, { name: "Alpha" }]);
  });

  test("never gives what objects inherit", () => {
    expect(errorOf({ select: ["constructor"] }).code).toBe(1724);
    expect(errorOf({ select: ["__proto__.toString"] }).code).toBe(1724);
  });
});

describe("filters and q", () => {
  test("a filter asks for one of its values, and null for nothing", () => {
    expect(namesOf({}, { filters: { name: ["beta", "gamma"], size: null } })).toEqual(["beta", "gamma"]);
    expect(namesOf({}, { filters: { "os.name": "Ubuntu" } })).toEqual(["Alpha"]);
    expect(namesOf({}, { filters: { tags: "y" } })).toEqual(["beta", "gamma"]);
    expect(namesOf({}, { filters: { size: 10 } })).toEqual(["Alpha"]);
    expect(namesOf({}, { filters: { name: "beta", size: "1" } })).toEqual([]);
  });

  test("a query chooses items, and the total counts the chosen", () => {
    expect(processArray(NODES, { q: "size>1", limit: 1 })).toEqual({ items: [NODES[0]], totalItems: 2 });
  });

  test("a query is refused for its form whatever the items are", () => {
    expect(errorOf({ q: "size" }, {}, []).code).toBe(1407);
    expect(errorOf({ q: "colour=red" }, { allowedQueryFields: ["name"] }, []).code).toBe(1408);
  });

  test("an empty query asks for nothing", () => {
    expect(namesOf({ q: "" })).toHaveLength(3);
  });
});

describe("all together", () => {
  const anyItem = fc.record({
    name: fc.constantFrom("a", "B", "c", "Ab", "bA"),
    size: fc.integer({ min: 0, max: 5 }),
    tags: fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }),
  });
  const anyPage = fc.record({
    offset: fc.nat(6),
    limit: fc.integer({ min: 1, max: 6 }),
    text: fc.constantFrom("", "a", "B", "3"),
    negation: fc.boolean(),
    above: fc.integer({ min: -1, max: 5 }),
    field: fc.constantFrom("name" as const, "size" as const),
    ascending: fc.boolean(),
  });

  test("give what a plain loop gives", () => {
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 12 }), anyPage, (items, wanted) => {
        const { offset, limit, text, negation, above, field, ascending } = wanted;
        const left: (typeof items)[number][] = [];
        for (const item of items) {
          const words = [item.name, String(item.size), ...item.tags].map((word) => word.toLowerCase());
          const has = words.some((word) => word.includes(text.toLowerCase()));
          if ((text === "" || has !== negation) && item.size > above) left.push(item);
        }
        // Insertion, item by item: stable by construction.
        const sorted: typeof left = [];
        for (const item of left) {
          const key = (one: typeof item): string | number => (field === "name" ? one.name.toLowerCase() : one.size);
          const goesBefore = (other: typeof item): boolean =>
            ascending ? key(item) < key(other) : key(item) > key(other);
          const at = sorted.findIndex(goesBefore);
          sorted.splice(at === -1 ? sorted.length : at, 0, item);
        }
        const result = processArray(items, {
          offset,
          limit,
          search: { text, negation, inFields: null },
          q: `size>${above}`,
          sort: left.length === 0 ? null : { fields: [field], ascending },
        });
        expect(result).toEqual({ items: sorted.slice(offset, offset + limit), totalItems: left.length });
      }),
    );
  });

  test("never change the list", () => {
    fc.assert(
      fc.property(fc.array(anyItem, { minLength: 1, maxLength: 8 }), (items) => {
        const before = structuredClone(items);
        processArray(items, {
          sort: { fields: ["name"], ascending: false },
          select: ["name"],
          q: "size>2,size<4",
          limit: 2,
        });
        expect(items).toEqual(before);
      }),
    );
  });
});
