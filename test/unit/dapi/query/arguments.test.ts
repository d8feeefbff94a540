import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  listPageArguments,
  listSelectArguments,
  objectPageArguments,
  pageOf,
  pageOfList,
} from "../../../../src/dapi/query/arguments.js";

const objectForm = z.strictObject(objectPageArguments);
const listForm = z.strictObject(listSelectArguments);

const DEFAULTS = { offset: 0, limit: 500, sort: null, search: null, select: null, q: null };

describe("arguments in object form", () => {
  test("are all optional", () => {
    expect(pageOf(objectForm.parse({}))).toEqual(DEFAULTS);
  });

  test("may be null, as cluster_control sends them", () => {
    const all = { offset: 0, limit: null, sort: null, search: null, select: null, q: null };
    expect(pageOf(objectForm.parse(all))).toEqual({ ...DEFAULTS, limit: null });
  });

  test("are read", () => {
    const page = pageOf(
      objectForm.parse({
        offset: 2,
        limit: 3,
        sort: { fields: ["name", "id"], order: "desc" },
        search: { negation: true, value: "x" },
        select: ["id"],
        q: "id=1",
      }),
    );
    expect(page).toEqual({
      offset: 2,
      limit: 3,
      sort: { fields: ["name", "id"], ascending: false },
      search: { text: "x", negation: true, inFields: null },
      select: ["id"],
      q: "id=1",
    });
  });

  test("take a flag as a number too, and sort upwards unless said otherwise", () => {
    const page = pageOf(objectForm.parse({ sort: { fields: [] }, search: { value: "x", negation: 1 } }));
    expect(page.search?.negation).toBe(true);
    expect(page.sort).toEqual({ fields: [], ascending: true });
  });

  test.each([
    { sort: { fields: ["a"], order: "up" } },
    { sort: "name" },
    { search: "x" },
    { select: [1] },
    { limit: "5" },
    { q: 1 },
    { sort_by: ["a"] },
  ])("%j is refused", (args) => {
    expect(objectForm.safeParse(args).success).toBe(false);
  });

  test("of too many fields are refused", () => {
    expect(objectForm.safeParse({ select: Array.from({ length: 129 }, () => "a") }).success).toBe(false);
  });
});

describe("arguments in list form", () => {
  test("are all optional", () => {
    expect(pageOfList(listForm.parse({}))).toEqual(DEFAULTS);
  });

  test("are read", () => {
    const page = pageOfList(
      listForm.parse({
        offset: 1,
        limit: 9,
        sort_by: ["timestamp"],
        sort_ascending: false,
        search_text: "x",
        complementary_search: true,
        search_in_fields: "tag",
        select: "id",
        q: "id=1",
      }),
    );
    expect(page).toEqual({
      offset: 1,
      limit: 9,
      sort: { fields: ["timestamp"], ascending: false },
      search: { text: "x", negation: true, inFields: ["tag"] },
      select: ["id"],
      q: "id=1",
    });
  });

  test("of functions that neither select nor query have no such arguments", () => {
    const schema = z.strictObject(listPageArguments);
    expect(schema.safeParse({ select: ["a"] }).success).toBe(false);
    expect(schema.safeParse({ q: "a=1" }).success).toBe(false);
  });
});
