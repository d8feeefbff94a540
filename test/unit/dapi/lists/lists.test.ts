import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CdbEntry, CdbListError, parseCdbList } from "../../../../src/dapi/catalogue/lists/parseCdbList.js";
import { failuresOf, membersOf, nodeFixture, ruleset, type NodeFixture } from "../nodeFixture.js";

const parse = (text: string): Promise<readonly CdbEntry[]> => parseCdbList(text, () => Promise.resolve());

describe("a CDB list", () => {
  test("has a key and a value a line", async () => {
    expect(await parse("audit-w:write\naudit-r:read\n")).toEqual([
      { key: "audit-w", value: "write" },
      { key: "audit-r", value: "read" },
    ]);
  });

  test.each([
    ["key:", { key: "key", value: "" }],
    [":value", { key: "", value: "value" }],
    ['"a:b":c', { key: "a:b", value: "c" }],
    ['a:"b:c"', { key: "a", value: "b:c" }],
    ['"a:b":"c:d"', { key: "a:b", value: "c:d" }],
    ['"a":b:c', { key: "a", value: "b:c" }],
    ['"":""', { key: "", value: "" }],
    ["10.0.0.:net ", { key: "10.0.0.", value: "net " }],
    ["a:b\r", { key: "a", value: "b" }],
  ])("%j is the entry %j", async (line, entry) => {
    expect(await parse(line)).toEqual([entry]);
  });

  test("says nothing in empty lines and the template's", async () => {
    expect(await parse("\n  \nTEMPLATE:x:y:z\na:1\n\n")).toEqual([{ key: "a", value: "1" }]);
    expect(await parse("")).toEqual([]);
  });

  test("keeps the later value of a key, at the place of the first", async () => {
    expect(await parse("a:1\nb:2\na:3")).toEqual([
      { key: "a", value: "3" },
      { key: "b", value: "2" },
    ]);
  });

  test.each(["novalue", "a:b:c", '"a:b', 'a":b', '"a"b:c', 'a:"b"c', 'a:b"', '"a":"b":"c"', 'a:b:"c"'])(
    "%j is no entry",
    async (line) => {
      await expect(parse(`ok:1\n${line}`)).rejects.toThrow(new CdbListError("line 2 is no key:value"));
    },
  );

  test("gives back any entries that were written between quotes", async () => {
    const text = fc.string({ unit: "grapheme" }).filter((part) => !/["\r\n]/.test(part));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, text), async (entries) => {
        const lines = Object.entries(entries).map(([key, value]) => `"${key}":"${value}"`);
        expect(await parse(lines.join("\n"))).toEqual(Object.entries(entries).map(([key, value]) => ({ key, value })));
      }),
    );
  });

  test("that is large is parsed with pauses", async () => {
    let pauses = 0;
    const pause = (): Promise<void> => {
      pauses += 1;
      return Promise.resolve();
    };
    const lines = Array.from({ length: 50_000 }, (_, index) => `${index}:x`);
    expect(await parseCdbList(lines.join("\n"), pause)).toHaveLength(50_000);
    expect(pauses).toBe(2);
  });
});

const TREE = {
  "etc/lists/audit-keys": "audit-wazuh-w:write\naudit-wazuh-r:read\n",
  "etc/lists/audit-keys.cdb": "compiled",
  "etc/lists/audit-keys~": "old:1",
  "etc/lists/.audit-keys.swp": "swap",
  "etc/lists/sub/päth with space": "k:v\n",
  "etc/lists/amazon/aws-eventnames": "a:\n",
};

const node = (more: Readonly<Record<string, string>> = {}): Promise<NodeFixture> => nodeFixture({ ...TREE, ...more });

describe("get_path_lists", () => {
  test("gives the lists of all folders, by their paths", async () => {
    const result = await (await node()).call("cdb_list:get_path_lists");
    expect(result.affectedItems).toEqual([
      { relative_dirname: "etc/lists/amazon", filename: "aws-eventnames" },
      { relative_dirname: "etc/lists", filename: "audit-keys" },
      { relative_dirname: "etc/lists/sub", filename: "päth with space" },
    ]);
    expect(result).toMatchObject({
      totalAffectedItems: 3,
      allMessage: "All specified paths were returned",
      someMessage: "Some paths were not returned",
      noneMessage: "No path was returned",
    });
  });

  test("gives lists elsewhere that ossec.conf names, when they are there", async () => {
    const fixture = await node({
      "etc/ossec.conf": ruleset(
        "<list>etc/lists/audit-keys</list>",
        "<list>ruleset/lists/own</list>",
        "<list>ruleset/lists/gone</list>",
      ),
      "ruleset/lists/own": "a:b",
    });
    const result = await fixture.call("cdb_list:get_path_lists");
    expect(result.totalAffectedItems).toBe(4);
    expect(result.affectedItems.at(-1)).toEqual({ relative_dirname: "ruleset/lists", filename: "own" });
  });

  test.each([
    [{ filename: ["audit-keys", "ghost"] }, ["audit-keys"]],
    [{ relative_dirname: "etc/lists/sub/" }, ["päth with space"]],
    [{ search_text: "AWS" }, ["aws-eventnames"]],
    [{ sort_by: ["filename"], sort_ascending: false, limit: 1 }, ["päth with space"]],
    [{ relative_dirname: "etc" }, []],
  ])("with %j gives %j", async (args, names) => {
    expect(membersOf(await (await node()).call("cdb_list:get_path_lists", args), "filename")).toEqual(names);
  });

  test("reads no list for it", async () => {
    const fixture = await node();
    await fixture.call("cdb_list:get_path_lists");
    expect(fixture.reads).toEqual(["etc/ossec.conf"]);
  });

  test("of a node without lists is empty", async () => {
    expect((await (await nodeFixture({})).call("cdb_list:get_path_lists")).affectedItems).toEqual([]);
  });

  test("refuses another sort field with 1403", async () => {
    await expect((await node()).call("cdb_list:get_path_lists", { sort_by: ["size"] })).rejects.toMatchObject({
      code: 1403,
    });
  });
});

describe("get_lists", () => {
  test("gives lists with their entries", async () => {
    const result = await (await node()).call("cdb_list:get_lists", { filename: ["audit-keys"] });
    expect(result.affectedItems).toEqual([
      {
        relative_dirname: "etc/lists",
        filename: "audit-keys",
        items: [
          { key: "audit-wazuh-w", value: "write" },
          { key: "audit-wazuh-r", value: "read" },
        ],
      },
    ]);
    expect(result).toMatchObject({
      allMessage: "All specified lists were returned",
      someMessage: "Some lists were not returned",
      noneMessage: "No list was returned",
    });
  });

  test("finds a list by its entries", async () => {
    const result = await (await node()).call("cdb_list:get_lists", { search_text: "wazuh-R" });
    expect(membersOf(result, "filename")).toEqual(["audit-keys"]);
  });

  test("selects members, and always the path", async () => {
    const result = await (
      await node()
    ).call("cdb_list:get_lists", { select: ["items"], relative_dirname: "etc/lists/sub" });
    expect(result.affectedItems).toEqual([
      { relative_dirname: "etc/lists/sub", filename: "päth with space", items: [{ key: "k", value: "v" }] },
    ]);
  });

  test("leaves out a broken list, and says which line", async () => {
    const fixture = await node({ "etc/lists/broken": "a:b\nbad\n" });
    const result = await fixture.call("cdb_list:get_lists");
    expect(result.totalAffectedItems).toBe(3);
    expect(failuresOf(result)).toEqual([
      [1800, "Bad format in CDB list WAZUH_HOME/etc/lists/broken: line 2 is no key:value", ["etc/lists/broken"]],
    ]);
  });

  test("leaves out a list that may not be read", async () => {
    const denied = Object.assign(new Error("denied"), { code: "EACCES" });
    const fixture = await nodeFixture(TREE, {
      files: (real) => ({
        ...real,
        readText: (path, limits) =>
          path === "etc/lists/audit-keys" ? Promise.reject(denied) : real.readText(path, limits),
      }),
    });
    expect(failuresOf(await fixture.call("cdb_list:get_lists"))).toEqual([
      [1803, "Error reading lists file: WAZUH_HOME/etc/lists/audit-keys", ["etc/lists/audit-keys"]],
    ]);
  });

  test("of an unknown name is empty", async () => {
    const result = await (await node()).call("cdb_list:get_lists", { filename: ["ghost"] });
    expect([result.affectedItems, result.failedItems]).toEqual([[], []]);
  });

  test("says with 1804 that ossec.conf can't be read", async () => {
    await expect((await node({ "etc/ossec.conf": "<x>" })).call("cdb_list:get_lists")).rejects.toMatchObject({
      code: 1804,
    });
  });
});
