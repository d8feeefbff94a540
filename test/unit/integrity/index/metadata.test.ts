import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import type { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { FileIndex as Index } from "../../../../src/integrity/FileIndex.js";
import { FileIndexBuilder } from "../../../../src/integrity/FileIndexBuilder.js";
import {
  decodeDifferenceMetadata,
  decodeMetadata,
  encodeDifferenceMetadata,
  indexMetadataSegments,
  indexToMetadata,
  metadataToIndex,
  type DifferenceMetadata,
  type MetadataEntry,
} from "../../../../src/integrity/metadata.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

const items = defaultClusterItems();
const MD5 = "d41d8cd98f00b204e9800998ecf8427e";
const GOOD = { mod_time: 1637600000.0, cluster_item_key: "etc/rules/", merged: false, md5: MD5 };
const EMPTY = { missing: {}, extra: {}, shared: {}, extra_valid: {} };

const toIndex = (metadata: string | Uint8Array): FileIndex => metadataToIndex(metadata, items, zip43, DEFAULT_LIMITS);
const toDifference = (value: unknown): DifferenceMetadata => decodeDifferenceMetadata(JSON.stringify(value), items, zip43, DEFAULT_LIMITS);

function indexOf(files: readonly { path: string; itemKey: string; modTime: number; hash: string }[]): FileIndex {
  const builder = new FileIndexBuilder(16);
  for (const file of files) builder.add({ ...file, size: 0 });
  return new Index(builder.finish());
}

function refusalOf(body: () => unknown): MusterError {
  try {
    body();
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const hash = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const path = fc
  .string({ minLength: 1, maxLength: 30, unit: "grapheme" })
  .map((name) => `etc/rules/${name.replace(/[\\/\0]|\p{Surrogate}/gu, "_")}x`);
const file = fc.record({
  path,
  itemKey: fc.constantFrom(...Object.keys(items.files)),
  modTime: fc.oneof(fc.integer({ min: 0, max: 4e9 }), fc.double({ min: 0, max: 4e9, noNaN: true })),
  hash,
});
const files = fc.uniqueArray(file, { selector: (entry) => entry.path, maxLength: 20 });

describe("an index as metadata", () => {
  test("is written as Python writes it, keys in the reference's order", () => {
    const index = indexOf([
      { path: "etc/rules/p\u00e4th", itemKey: "etc/rules/", modTime: 1795457980.7973995, hash: MD5 },
      { path: "etc/client.keys", itemKey: "etc/", modTime: 1637600000, hash: MD5 },
    ]);
    expect(indexToMetadata(index, zip43)).toBe(
      `{"etc/client.keys": {"mod_time": 1637600000.0, "cluster_item_key": "etc/", "merged": false, "md5": "${MD5}"}, ` +
        `"etc/rules/p\\u00e4th": {"mod_time": 1795457980.7973995, "cluster_item_key": "etc/rules/", "merged": false, "md5": "${MD5}"}}`,
    );
  });

  test("of nothing is an empty object", () => {
    expect(indexToMetadata(indexOf([]), zip43)).toBe("{}");
  });

  test("marks a name that holds .merged, as the reference does, but not a folder", () => {
    const index = indexOf([
      { path: "etc/shared/x.merged.old", itemKey: "etc/shared/", modTime: 1, hash: MD5 },
      { path: "etc/shared/y.merged/z", itemKey: "etc/shared/", modTime: 1, hash: MD5 },
    ]);
    expect(indexToMetadata(index, zip43)).toBe(
      `{"etc/shared/x.merged.old": {"mod_time": 1.0, "cluster_item_key": "etc/shared/", "merged": true, ` +
        `"merge_type": "agent-groups", "merge_name": "etc/shared/x.merged.old", "md5": "${MD5}"}, ` +
        `"etc/shared/y.merged/z": {"mod_time": 1.0, "cluster_item_key": "etc/shared/", "merged": false, "md5": "${MD5}"}}`,
    );
  });

  test("comes back as the same index", () => {
    fc.assert(
      fc.property(files, (list) => {
        const index = indexOf(list);
        const back = toIndex(indexToMetadata(index, zip43));
        expect([...back.entries()]).toEqual([...index.entries()]);
      }),
    );
  });

  test("is the same in bytes as in text", () => {
    const text = indexToMetadata(indexOf([{ path: "etc/rules/ü", itemKey: "etc/rules/", modTime: 1, hash: MD5 }]), zip43);
    expect([...toIndex(Buffer.from(text)).entries()]).toEqual([...toIndex(text).entries()]);
    const within = Buffer.from(`xx${text}yy`).subarray(2, -2);
    expect(toIndex(within).size).toBe(1);
  });

  test("is ASCII, whatever the names", () => {
    fc.assert(
      fc.property(files, (list) => {
        expect(indexToMetadata(indexOf(list), zip43)).toMatch(/^[ -~]*$/);
      }),
    );
  });

  test("comes in segments of bounded length that make up the whole", () => {
    const list = Array.from({ length: 2000 }, (_, number) => ({ path: `etc/rules/${number}`, itemKey: "etc/rules/", modTime: number, hash: MD5 }));
    const segments = [...indexMetadataSegments(indexOf(list), zip43)];
    expect(segments.length).toBeGreaterThan(2);
    expect(Math.max(...segments.map(({ length }) => length))).toBeLessThan(70_000);
    expect(toIndex(segments.join("")).size).toBe(2000);
  });

  test("leaves withheld files out", () => {
    const builder = new FileIndexBuilder(16);
    builder.add({ path: "etc/rules/a", itemKey: "etc/rules/", modTime: 1, size: 1, withheld: true });
    expect(indexToMetadata(new Index(builder.finish()), zip43)).toBe("{}");
  });
});

describe("foreign metadata of an index", () => {
  test("may hold fields that muster does not know, and whole seconds without a fraction", () => {
    const entry = { ...GOOD, mod_time: 5, later: [1], __proto__: null };
    expect(toIndex(JSON.stringify({ "etc/rules/a": entry })).at(0)).toEqual({ path: "etc/rules/a", itemKey: "etc/rules/", modTime: 5, size: 0, hash: MD5 });
  });

  test("may hold a file marked as merged", () => {
    const merged = { ...GOOD, merged: true, merge_type: "agent-groups", merge_name: "etc/rules/a.merged" };
    expect(toIndex(JSON.stringify({ "etc/rules/a.merged": merged })).size).toBe(1);
  });

  test("keeps files outside the items, which no comparison looks at", () => {
    expect(toIndex(JSON.stringify({ "etc/elsewhere": GOOD })).size).toBe(1);
  });

  test.each([["a backslash", "etc/rules/a\\b"], ["bytes that are no UTF-8", "etc/rules/\udcff"]])("leaves out a name with %s", (_what, name) => {
    expect([...toIndex(JSON.stringify({ [name]: GOOD, "etc/rules/b": GOOD })).entries()].map((entry) => entry.path)).toEqual(["etc/rules/b"]);
  });

  const { cluster_item_key: _key, ...withoutKey } = GOOD;
  const { mod_time: _time, ...withoutTime } = GOOD;
  const { md5: _md5, ...withoutHash } = GOOD;
  const { merged: _merged, ...withoutMerged } = GOOD;

  test.each<[string, unknown, string]>([
    ["no item key", withoutKey, "has no cluster_item_key"],
    ["an item key that is no text", { ...GOOD, cluster_item_key: ["etc/"] }, "has no cluster_item_key"],
    ["an unknown item key", { ...GOOD, cluster_item_key: "opt/" }, "which this node's cluster.json lacks"],
    ["a prototype's name for an item key", { ...GOOD, cluster_item_key: "__proto__" }, "cluster.json lacks"],
    ["another one", { ...GOOD, cluster_item_key: "constructor" }, "cluster.json lacks"],
    ["no time", withoutTime, "has no mod_time in seconds"],
    ["a time as text", { ...GOOD, mod_time: "1637600000.0" }, "has no mod_time in seconds"],
    ["no time at all", { ...GOOD, mod_time: null }, "has no mod_time in seconds"],
    ["a time beyond the calendar", { ...GOOD, mod_time: 1e300 }, "has no mod_time in seconds"],
    ["no hash", withoutHash, "has no md5 of 32"],
    ["a short hash", { ...GOOD, md5: MD5.slice(1) }, "has no md5 of 32"],
    ["a hash in capitals", { ...GOOD, md5: MD5.toUpperCase() }, "has no md5 of 32"],
    ["a hash that is no hexadecimal", { ...GOOD, md5: `${MD5.slice(1)}g` }, "has no md5 of 32"],
    ["a hash with a newline", { ...GOOD, md5: `${MD5.slice(1)}\n` }, "has no md5 of 32"],
    ["a hash as number", { ...GOOD, md5: 1e31 }, "has no md5 of 32"],
    ["no merged", withoutMerged, "has no merged"],
    ["a merged that is a number", { ...GOOD, merged: 0 }, "has no merged"],
    ["merged without its kind", { ...GOOD, merged: true }, "has no merge_type"],
    ["a merge type with a slash", { ...GOOD, merged: true, merge_type: "../etc" }, "has a bad merge_type"],
    ["a merge type with a backslash", { ...GOOD, merged: true, merge_type: "..\\etc" }, "has a bad merge_type"],
    ["a hidden merge type", { ...GOOD, merged: true, merge_type: ".hidden" }, "has a bad merge_type"],
    ["a merge name that leaves the root", { ...GOOD, merged: true, merge_type: "agent-groups", merge_name: "../p" }, "has a bad merge_name"],
    ["a merge name with a backslash", { ...GOOD, merged: true, merge_type: "agent-groups", merge_name: "..\\p" }, "has a bad merge_name"],
    ["null", null, "is not described by an object"],
    ["a list", [GOOD], "is not described by an object"],
    ["a text", "x", "is not described by an object"],
  ])("is refused with %s", (_what, entry, fault) => {
    const refusal = refusalOf(() => toIndex(JSON.stringify({ "etc/rules/good": GOOD, "etc/rules/bad": entry })));
    expect(refusal.code).toBe(3000);
    expect(refusal.message).toContain('files_metadata.json is refused: "etc/rules/bad" ');
    expect(refusal.message).toContain(fault);
  });

  test.each(["/etc/rules/a", "../etc/rules/a", "etc/rules/../a", "etc//a", "", "etc/rules/a\0", "etc/rules/"])("is refused for the path %j", (bad) => {
    expect(refusalOf(() => toIndex(JSON.stringify({ [bad]: GOOD }))).message).toContain("is not a path that may travel");
  });

  test("takes a prototype's name for a path like any other, and pollutes nothing", () => {
    const index = toIndex(`{"__proto__": ${JSON.stringify(GOOD)}, "constructor": ${JSON.stringify(GOOD)}}`);
    expect([...index.entries()].map((entry) => entry.path)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["md5"]).toBeUndefined();
  });

  test("takes no field from a prototype that the metadata gives", () => {
    const text = `{"etc/rules/a": {"__proto__": ${JSON.stringify(GOOD)}}}`;
    expect(refusalOf(() => toIndex(text)).message).toContain("has no cluster_item_key");
  });

  test.each([["nothing", ""], ["half an object", '{"a": '], ["Python's NaN", '{"etc/rules/a": {"mod_time": NaN}}'], ["two objects", "{}{}"]])("is error 3036 for %s", (_what, text) => {
    const refusal = refusalOf(() => toIndex(text));
    expect([refusal.code, refusal.extraMessage]).toEqual([3036, "files_metadata.json is not JSON"]);
    expect(refusal.cause).toBeInstanceOf(SyntaxError);
  });

  test("is error 3036 for bytes that are no UTF-8", () => {
    expect(refusalOf(() => toIndex(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).message).toContain("is not UTF-8");
  });

  test.each(["[]", "null", "1", '"x"'])("is error 3000 for %s", (text) => {
    expect(refusalOf(() => toIndex(text))).toMatchObject({ code: 3000, extraMessage: "files_metadata.json is refused: it is no object" });
  });

  test("may list no more files than an archive may hold entries", () => {
    const text = JSON.stringify({ "etc/rules/a": GOOD, "etc/rules/b": GOOD });
    expect(metadataToIndex(text, items, zip43, { ...DEFAULT_LIMITS, archiveEntries: 2 }).size).toBe(2);
    expect(refusalOf(() => metadataToIndex(text, items, zip43, { ...DEFAULT_LIMITS, archiveEntries: 1 })).code).toBe(3000);
  });

  test("shows no more of a bad path than a line's worth", () => {
    expect(refusalOf(() => toIndex(JSON.stringify({ [`/${"a".repeat(100_000)}`]: GOOD }))).message.length).toBeLessThan(400);
  });

  test("never crashes in another way, whatever the JSON", () => {
    const value = fc.oneof(fc.jsonValue(), fc.record({ mod_time: fc.jsonValue(), cluster_item_key: fc.constantFrom("etc/", "x"), merged: fc.jsonValue(), md5: fc.jsonValue() }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (metadata) => {
        try {
          toIndex(JSON.stringify(metadata));
        } catch (error) {
          expect(error).toBeInstanceOf(MusterError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the metadata of an extra-valid archive", () => {
  const merged = "queue/cluster/worker1/agent-groups.merged";

  test("gives its one merged file", () => {
    const text = `{"${merged}": {"merged": true, "merge_type": "agent-groups", "merge_name": "${merged}", "cluster_item_key": "queue/agent-groups/"}}`;
    expect(decodeMetadata(text, items, zip43, DEFAULT_LIMITS)).toEqual([
      { path: merged, itemKey: "queue/agent-groups/", merged: { type: "agent-groups", name: merged } },
    ]);
  });

  test("is no index", () => {
    const text = JSON.stringify({ [merged]: { merged: true, merge_type: "agent-groups", cluster_item_key: "queue/agent-groups/" } });
    expect(refusalOf(() => toIndex(text)).message).toContain("has no mod_time or hash");
  });
});

describe("a difference as metadata", () => {
  const entry = (name: string): MetadataEntry => ({ path: name, itemKey: "etc/rules/", modTime: 1.5, hash: MD5 });

  test("always lists all four groups in the reference's order", () => {
    expect(encodeDifferenceMetadata({ missing: [], shared: [], extra: [], extraValid: [] }, zip43)).toBe(
      '{"missing": {}, "extra": {}, "shared": {}, "extra_valid": {}}',
    );
  });

  test("lists the merged group files with a hyphen, and neither time nor hash", () => {
    const merged = { path: "queue/cluster/worker1/agent-groups-shared.merged", itemKey: "queue/agent-groups/", merged: { type: "agent-groups" } };
    expect(encodeDifferenceMetadata({ missing: [], shared: [entry("etc/rules/a"), merged], extra: [], extraValid: [] }, zip43)).toBe(
      `{"missing": {}, "extra": {}, "shared": {"etc/rules/a": {"mod_time": 1.5, "cluster_item_key": "etc/rules/", "merged": false, "md5": "${MD5}"}, ` +
        `"queue/cluster/worker1/agent-groups-shared.merged": {"cluster_item_key": "queue/agent-groups/", "merged": true, "merge-type": "agent-groups"}}, "extra_valid": {}}`,
    );
  });

  test("never calls a plain file merged, whatever its name", () => {
    const text = encodeDifferenceMetadata({ missing: [entry("etc/rules/x.merged")], shared: [], extra: [], extraValid: [] }, zip43);
    expect(text).toContain('"etc/rules/x.merged": {"mod_time": 1.5, "cluster_item_key": "etc/rules/", "merged": false,');
  });

  test("comes back as it was", () => {
    const list = files.map((entries) => entries.map((one): MetadataEntry => one));
    fc.assert(
      fc.property(list, fc.array(fc.nat(3), { maxLength: 20 }), (entries, groups) => {
        const inGroup = (group: number): MetadataEntry[] => entries.filter((_, number) => (groups[number] ?? 0) === group);
        const difference = { missing: inGroup(0), shared: inGroup(1), extra: inGroup(2), extraValid: inGroup(3) };
        const text = encodeDifferenceMetadata(difference, zip43);
        expect(decodeDifferenceMetadata(text, items, zip43, DEFAULT_LIMITS)).toEqual(difference);
      }),
    );
  });

  test.each(["missing", "extra", "shared", "extra_valid"])("is refused without the group %s", (group) => {
    const { [group as "missing"]: _left, ...rest } = EMPTY;
    expect(refusalOf(() => toDifference(rest)).message).toContain(`it has no group "${group}"`);
    expect(refusalOf(() => toDifference({ ...EMPTY, [group]: [] })).message).toContain(`it has no group "${group}"`);
  });

  test("is refused with a fifth group, also one of a prototype's name", () => {
    expect(refusalOf(() => toDifference({ ...EMPTY, extras: {} })).message).toContain('it has an unknown group "extras"');
    const text = JSON.stringify(EMPTY).replace("{", '{"__proto__": {}, ');
    expect(refusalOf(() => decodeDifferenceMetadata(text, items, zip43, DEFAULT_LIMITS)).message).toContain('unknown group "__proto__"');
  });

  test("is refused with a path in two groups", () => {
    const twice = { ...EMPTY, missing: { "etc/rules/a": GOOD }, extra: { "etc/rules/a": GOOD } };
    expect(refusalOf(() => toDifference(twice)).message).toContain('"etc/rules/a" is in two groups');
  });

  test.each(["missing", "extra", "shared", "extra_valid"])("is refused with a bad entry in %s", (group) => {
    for (const bad of ["../a", "etc/rules/a\\b", "/a"]) {
      expect(refusalOf(() => toDifference({ ...EMPTY, [group]: { [bad]: GOOD } })).code).toBe(3000);
    }
    expect(refusalOf(() => toDifference({ ...EMPTY, [group]: { "etc/rules/a": { ...GOOD, cluster_item_key: "opt/" } } })).message).toContain("cluster.json");
  });

  test("may list no more files in all groups together than an archive may hold entries", () => {
    const two = { ...EMPTY, missing: { "etc/rules/a": GOOD }, extra: { "etc/rules/b": GOOD } };
    const decode = (archiveEntries: number) => decodeDifferenceMetadata(JSON.stringify(two), items, zip43, { ...DEFAULT_LIMITS, archiveEntries });
    expect(decode(2).extra).toHaveLength(1);
    expect(refusalOf(() => decode(1)).code).toBe(3000);
  });

  test("of another dialect has that dialect's groups and hash", () => {
    const later = { ...zip43, differenceGroups: ["missing", "extra", "shared"] as const, fileHash: { algorithm: "blake2b512", bytes: 64, metadataKey: "hash" } };
    const difference = { missing: [{ ...entry("etc/rules/a"), hash: "ab".repeat(64) }], shared: [], extra: [], extraValid: [] };
    const text = encodeDifferenceMetadata(difference, later);
    expect(text).toContain(`"hash": "${"ab".repeat(64)}"`);
    expect(text).not.toContain("extra_valid");
    expect(decodeDifferenceMetadata(text, items, later, DEFAULT_LIMITS)).toEqual(difference);
  });
});
