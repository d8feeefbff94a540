import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesQuery } from "../../../../src/dapi/query/matchesQuery.js";
import { parseQuery } from "../../../../src/dapi/query/parseQuery.js";
import type { Query } from "../../../../src/dapi/query/Query.js";
import { anyQuery } from "./printQuery.js";

const matches = (item: unknown, q: string): boolean => matchesQuery(item, parseQuery(q));

describe("an item", () => {
  test.each([
    ["level=7", true],
    ["level=07", true],
    ["level!=7", false],
    ["level<10", true],
    ["level>10", false],
    ["level>3", true],
    ["level~7", true],
    ["level=seven", false],
    ["level!=seven", true],
    ["level<seven", false],
    ["level>seven", false],
    ["level= ", false],
  ])("with the number 7 and %s: %s", (q, expected) => {
    expect(matches({ level: 7 }, q)).toBe(expected);
  });

  test.each([
    ["name=web01", true],
    ["name=WEB01", false],
    ["name!=db01", true],
    ["name~eb0", true],
    ["name~EB", false],
    ["name<x", true],
    ["name>x", false],
  ])("with the text web01 and %s: %s", (q, expected) => {
    expect(matches({ name: "web01" }, q)).toBe(expected);
  });

  test.each([
    ["at=2026-03-04T05:06:07Z", true],
    ["at=2026-03-04 05:06:07", true],
    ["at>2026-03-04", true],
    ["at<2026-03-05", true],
    ["at>2026-03-04T05:06:07Z", false],
    ["at!=2026-03-04T05:06:07Z", false],
    ["at~2026-03-04T05", true],
    ["at<tomorrow", false],
    ["at=tomorrow", false],
  ])("with a datetime and %s: %s", (q, expected) => {
    expect(matches({ at: new Date("2026-03-04T05:06:07Z") }, q)).toBe(expected);
    expect(matches({ at: "2026-03-04T05:06:07Z" }, q)).toBe(q === "at<tomorrow" ? true : expected);
  });

  test("of another time of the day, written in another form, is compared as an instant", () => {
    expect(matches({ at: "2026-03-04 23:00:00" }, "at<2026-03-04T23:30:00Z")).toBe(true);
  });

  test.each(["true", "false"])("with a flag is compared with %s", (word) => {
    expect(matches({ flag: true }, `flag=${word}`)).toBe(word === "true");
  });

  test("is found by one member of a list", () => {
    expect(matches({ groups: ["syslog", "sshd"] }, "groups=sshd")).toBe(true);
    expect(matches({ groups: ["syslog", "sshd"] }, "groups=web")).toBe(false);
    expect(matches({ groups: [] }, "groups!=web")).toBe(false);
  });

  test("is found by a nested member, also in lists on the way", () => {
    expect(matches({ os: { name: "Debian" } }, "os.name=Debian")).toBe(true);
    expect(matches({ items: [{ key: "a" }, { key: "b" }] }, "items.key=b")).toBe(true);
  });

  test("is found by a member whose own name has dots", () => {
    expect(matches({ details: { "audit.exe": { pattern: "/bin/x" } } }, "details.audit.exe.pattern=/bin/x")).toBe(true);
  });

  test("without the field is found by field=null alone", () => {
    for (const item of [{}, { group: null }, { group: [] }, "text", null]) {
      expect(matches(item, "group=null")).toBe(true);
      expect(matches(item, "group!=null")).toBe(false);
      expect(matches(item, "group!=web")).toBe(false);
      expect(matches(item, "group~w")).toBe(false);
    }
    expect(matches({ group: "web" }, "group=null")).toBe(false);
    expect(matches({ group: "web" }, "group!=null")).toBe(true);
  });

  test("is not found by what objects inherit", () => {
    expect(matches({}, "constructor~Object")).toBe(false);
    expect(matches({}, "__proto__!=x")).toBe(false);
  });

  test("fulfils an and when it fulfils each part, an or when it fulfils one", () => {
    const item = { a: 1, b: 2 };
    expect(matches(item, "a=1;b=2")).toBe(true);
    expect(matches(item, "a=1;b=3")).toBe(false);
    expect(matches(item, "a=9,b=2")).toBe(true);
    expect(matches(item, "a=9,b=9")).toBe(false);
    expect(matches(item, "(a=9,b=2);a=1")).toBe(true);
    expect(matches(item, "a=1,b=9;b=8")).toBe(true);
  });

  test("fulfils a junction as its parts say, for any query", () => {
    const item = { a: "b", X: 3, c: ["Z", 0], Y: { a: "c" } };
    const model = (query: Query): boolean => {
      if (query.kind === "clause") return matchesQuery(item, query);
      const all = query.parts.map(model);
      return query.kind === "and" ? !all.includes(false) : all.includes(true);
    };
    fc.assert(fc.property(anyQuery, (query) => matchesQuery(item, query) === model(query)));
  });
});
