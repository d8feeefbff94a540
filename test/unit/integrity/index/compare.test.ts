import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { compare, compareIndexes } from "../../../../src/integrity/compare.js";
import { countsOf, decodeDifference, encodeDifference, isEmptyDifference, type Difference } from "../../../../src/integrity/Difference.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { FileIndexBuilder } from "../../../../src/integrity/FileIndexBuilder.js";
import { ABSENT, IndexRows } from "../../../../src/integrity/IndexRows.js";
import type { FileVersion } from "../../../../workers/jobs.js";
import { indexOfTree, itemsWith, md5, naiveItemKey, scopeOf, type Tree } from "../../../support/tree.js";

const items = defaultClusterItems();
const itemKeyOf = (path: string): string => naiveItemKey(path, items) ?? "etc/";
const indexOf = (tree: Tree): FileIndex => indexOfTree(tree, itemKeyOf);

type Paths = Record<keyof Difference, string[]>;
const NOTHING: Paths = { missing: [], shared: [], sharedMerged: [], extra: [], extraValid: [] };

function pathsOf(difference: Difference): Paths {
  const paths = (group: keyof Difference): string[] => difference[group].map(({ path }) => path);
  return {
    missing: paths("missing"),
    shared: paths("shared"),
    sharedMerged: paths("sharedMerged"),
    extra: paths("extra"),
    extraValid: paths("extraValid"),
  };
}

const between = (own: Tree, peer: Tree, settled?: readonly FileVersion[]): Paths =>
  pathsOf(compareIndexes(indexOf(own), indexOf(peer), items, settled));

describe("compareIndexes", () => {
  test.each<[string, Tree, Tree, Partial<Paths>]>([
    ["the same files are in no group", { "etc/rules/a": "1" }, { "etc/rules/a": "1" }, {}],
    ["what only the master has is missing", { "etc/rules/a": "1" }, {}, { missing: ["etc/rules/a"] }],
    ["what both have with other contents is shared", { "etc/rules/a": "1" }, { "etc/rules/a": "2" }, { shared: ["etc/rules/a"] }],
    ["what only the worker has is extra", {}, { "etc/rules/a": "1" }, { extra: ["etc/rules/a"] }],
    ["a group file that only the worker has is asked for", {}, { "queue/agent-groups/001": "g" }, { extraValid: ["queue/agent-groups/001"] }],
    ["a differing group file travels merged", { "queue/agent-groups/001": "a" }, { "queue/agent-groups/001": "b" }, { sharedMerged: ["queue/agent-groups/001"] }],
    ["a group file that only the master has is plainly missing", { "queue/agent-groups/001": "a" }, {}, { missing: ["queue/agent-groups/001"] }],
    ["a differing file below the groups that belongs to no agent travels plainly", { "queue/agent-groups/sub/001": "a" }, { "queue/agent-groups/sub/001": "b" }, { shared: ["queue/agent-groups/sub/001"] }],
    ["the worker keeps a file below the groups that belongs to no agent", {}, { "queue/agent-groups/notes": "a" }, {}],
    ["two empty trees agree", {}, {}, {}],
  ])("%s", (_what, own, peer, expected) => {
    expect(between(own, peer)).toEqual({ ...NOTHING, ...expected });
  });

  test.each([
    ["outside all items", "bin/evil"],
    ["a path with a parent", "etc/rules/../ossec.conf"],
    ["an absolute path", "/etc/passwd"],
    ["the node's own configuration", "etc/ossec.conf"],
    ["an excluded name", "etc/shared/ar.conf"],
    ["an excluded ending", "etc/rules/x.swp"],
    ["a name that the item does not list", "etc/internal_options.conf"],
    ["a backslash", "etc/rules/a\\b"],
  ])("never has a worker delete %s", (_what, path) => {
    expect(between({}, { [path]: "x" })).toEqual(NOTHING);
  });

  test("believes its own cluster.json, not the item that the worker names", () => {
    const lying = indexOfTree({ "queue/agent-groups/001": "g", "etc/rules/a": "r" }, () => "etc/shared/");
    expect(pathsOf(compareIndexes(indexOf({}), lying, items))).toEqual({ ...NOTHING, extra: ["etc/rules/a"], extraValid: ["queue/agent-groups/001"] });
  });

  test("differing group files travel plainly when cluster.json does not call their item extra-valid", () => {
    const plain = itemsWith({ "queue/agent-groups/": {} });
    const difference = compareIndexes(indexOf({ "queue/agent-groups/001": "a" }), indexOf({ "queue/agent-groups/001": "b" }), plain);
    expect(pathsOf(difference)).toEqual({ ...NOTHING, shared: ["queue/agent-groups/001"] });
  });

  test("asks for no group file that is settled", () => {
    const peer = { "queue/agent-groups/001": "a", "queue/agent-groups/900": "b" };
    expect(between({}, peer, [{ path: "queue/agent-groups/900", hash: md5("b") }]).extraValid).toEqual(["queue/agent-groups/001"]);
  });

  test("asks again for a settled group file that has changed", () => {
    const settled = [{ path: "queue/agent-groups/900", hash: md5("before") }];
    expect(between({}, { "queue/agent-groups/900": "after" }, settled).extraValid).toEqual(["queue/agent-groups/900"]);
  });

  test("gives the master's entry for missing and shared, the worker's for extra and extra-valid", () => {
    const own = indexOf({ "etc/rules/a": "own", "etc/rules/b": "own" });
    const peer = indexOf({ "etc/rules/b": "peer", "etc/rules/c": "peer", "queue/agent-groups/001": "peer" });
    const difference = compareIndexes(own, peer, items);
    const hashes = Object.values(difference).map((entries) => entries.map(({ hash }: { hash: string }) => hash));
    expect(hashes).toEqual([[md5("own")], [md5("own")], [], [md5("peer")], [md5("peer")]]);
  });

  test("compares hashes alone, neither times nor sizes", () => {
    const other = new FileIndexBuilder(16);
    other.add({ path: "etc/rules/a", itemKey: "etc/rules/", modTime: 99, size: 12345, hash: md5("1") });
    expect(isEmptyDifference(compareIndexes(indexOf({ "etc/rules/a": "1" }), new FileIndex(other.finish()), items))).toBe(true);
  });

  test("a vanished file of the master's counts as not being there", () => {
    const own = indexOf({ "etc/rules/a": "1", "etc/rules/b": "2" });
    IndexRows.open(own.buffer, 0).flags.fill(ABSENT);
    expect(pathsOf(compareIndexes(own, indexOf({ "etc/rules/a": "1" }), items))).toEqual({ ...NOTHING, extra: ["etc/rules/a"] });
  });

  test("a vanished file of the worker's counts as not being there", () => {
    const peer = indexOf({ "etc/rules/a": "1", "etc/rules/b": "2" });
    IndexRows.open(peer.buffer, 0).flags.fill(ABSENT);
    expect(pathsOf(compareIndexes(indexOf({ "etc/rules/a": "1" }), peer, items))).toEqual({ ...NOTHING, missing: ["etc/rules/a"] });
  });

  test.each([
    ["the file itself", "etc/shared/g/a"],
    ["its folder", "etc/shared/g"],
    ["its whole item", "etc/shared"],
  ])("no worker deletes its copy when the master cannot read %s", (_what, withheld) => {
    const own = new FileIndexBuilder(16);
    own.add({ path: withheld, itemKey: "etc/shared/", modTime: 0, size: 0, withheld: true });
    const peer = indexOf({ "etc/shared/g/a": "1", "etc/rules/b": "2" });
    expect(pathsOf(compareIndexes(new FileIndex(own.finish()), peer, items))).toEqual({ ...NOTHING, extra: ["etc/rules/b"] });
  });

  test("a withheld name shields no neighbour that only begins like it", () => {
    const own = new FileIndexBuilder(16);
    own.add({ path: "etc/shared/g", itemKey: "etc/shared/", modTime: 0, size: 0, withheld: true });
    expect(pathsOf(compareIndexes(new FileIndex(own.finish()), indexOf({ "etc/shared/gg": "1" }), items)).extra).toEqual(["etc/shared/gg"]);
  });

  test("agrees with a model of sets", () => {
    const path = fc.constantFrom(
      ...["a", "b", "\ufb01", "😀", "c.d", "c/e", "x.tmp"].flatMap((name) => [`etc/rules/${name}`, `etc/shared/${name}`]),
      ...["001", "002", "003", "900", "notes"].map((name) => `queue/agent-groups/${name}`),
      "etc/client.keys",
      "etc/ossec.conf",
      "elsewhere/a",
    );
    const tree = fc.dictionary(path, fc.constantFrom("1", "2"));
    const settled = fc.dictionary(path, fc.constantFrom("1", "2"));
    fc.assert(
      fc.property(tree, tree, settled, (ownTree, peer, known) => {
        const own = Object.fromEntries(Object.entries(ownTree).filter(([name]) => naiveItemKey(name, items) !== undefined));
        const versions = Object.entries(known).map(([name, content]) => ({ path: name, hash: md5(content) }));
        expect(between(own, peer, versions)).toEqual(naiveDifference(own, peer, known));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the job", () => {
  test("counts all merged group files as one, and hands the difference on encoded", () => {
    const own = indexOf({ "queue/agent-groups/001": "a", "queue/agent-groups/002": "a", "etc/rules/a": "1", "etc/rules/b": "1" });
    const peer = indexOf({ "queue/agent-groups/001": "b", "queue/agent-groups/002": "b", "queue/agent-groups/003": "b", "etc/rules/a": "2", "etc/rules/c": "1" });
    const { counts, extraValid, difference } = compare({ kind: "compare", scope: scopeOf("/nowhere"), own: own.buffer, peer: peer.buffer });
    expect(counts).toEqual({ missing: 1, shared: 2, extra: 1, extraValid: 1 });
    expect(extraValid).toEqual([{ path: "queue/agent-groups/003", hash: md5("b") }]);
    expect(decodeDifference(difference)).toEqual(compareIndexes(own, peer, items));
  });

  test("leaves settled paths out", () => {
    const peer = indexOf({ "queue/agent-groups/900": "b" });
    const job = { kind: "compare", scope: scopeOf("/nowhere"), own: indexOf({}).buffer, peer: peer.buffer } as const;
    expect(compare({ ...job, settled: [{ path: "queue/agent-groups/900", hash: md5("b") }] }).extraValid).toEqual([]);
  });

  test("goes by the scope's items", () => {
    const scope = scopeOf("/nowhere", itemsWith({ "only/": {} }));
    const peer = indexOfTree({ "only/a": "1", "etc/rules/a": "1" }, () => "only/");
    expect(compare({ kind: "compare", scope, own: indexOf({}).buffer, peer: peer.buffer }).counts).toEqual({ missing: 0, shared: 0, extra: 1, extraValid: 0 });
  });
});

describe("a difference", () => {
  test("survives encoding", () => {
    const hash = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const entry = fc.record({
      path: fc.string({ minLength: 1, unit: "grapheme" }),
      itemKey: fc.constantFrom("etc/", "etc/rules/"),
      modTime: fc.double({ noNaN: true, noDefaultInfinity: true }),
      size: fc.maxSafeNat(),
      hash,
    });
    const entries = fc
      .uniqueArray(entry, { selector: ({ path }) => path, maxLength: 10 })
      .map((list) => list.sort((left, right) => Buffer.compare(Buffer.from(left.path), Buffer.from(right.path))));
    fc.assert(
      fc.property(fc.record({ missing: entries, shared: entries, sharedMerged: entries, extra: entries, extraValid: entries }), (difference) => {
        expect(decodeDifference(encodeDifference(difference, 16))).toEqual(difference);
      }),
    );
  });

  test("is empty only when every group is", () => {
    const [entry] = [...indexOf({ "etc/rules/a": "1" }).entries()];
    const empty: Difference = { missing: [], shared: [], sharedMerged: [], extra: [], extraValid: [] };
    expect(isEmptyDifference(empty)).toBe(true);
    for (const group of Object.keys(empty)) expect(isEmptyDifference({ ...empty, [group]: [entry] })).toBe(false);
  });

  test("counts nothing for no merged files", () => {
    expect(countsOf({ missing: [], shared: [], sharedMerged: [], extra: [], extraValid: [] })).toEqual({ missing: 0, shared: 0, extra: 0, extraValid: 0 });
  });

  test("is not read from anything else", () => {
    expect(() => decodeDifference(new SharedArrayBuffer(128))).toThrow(TypeError);
    expect(() => decodeDifference(indexOf({ "etc/rules/a": "1" }).buffer)).toThrow(TypeError);
  });
});

/** The table of protocol.md 6, with sets. */
function naiveDifference(own: Tree, peer: Tree, settled: Tree): Paths {
  const paths = [...new Set([...Object.keys(own), ...Object.keys(peer)])];
  const sorted = paths.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const isGroupFile = (path: string): boolean => /^queue\/agent-groups\/\d{3}$/.test(path);
  const onlyOwn = sorted.filter((path) => path in own && !(path in peer));
  const onlyPeer = sorted.filter((path) => path in peer && !(path in own) && naiveItemKey(path, items) !== undefined);
  const differing = sorted.filter((path) => path in own && path in peer && own[path] !== peer[path]);
  return {
    missing: onlyOwn,
    shared: differing.filter((path) => !isGroupFile(path)),
    sharedMerged: differing.filter(isGroupFile),
    extra: onlyPeer.filter((path) => !path.startsWith("queue/")),
    extraValid: onlyPeer.filter((path) => isGroupFile(path) && settled[path] !== peer[path]),
  };
}
