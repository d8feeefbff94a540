import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { agentOfGroupFile, classify, isPlainName, isPlainPath, isUntravellable, itemOfKey } from "../../../../src/integrity/items.js";
import { indexTree, itemsWith, naiveItemKey, scopeOf, withRoot } from "../../../support/tree.js";

const items = defaultClusterItems();
const itemKeyOf = (path: string): string | undefined => classify(items, path)?.itemKey;

describe("classify", () => {
  test.each([
    ["etc/client.keys", "etc/"],
    ["etc/rules/local_rules.xml", "etc/rules/"],
    ["etc/rules/deep/er/x.xml", "etc/rules/"],
    ["etc/shared/default/agent.conf", "etc/shared/"],
    ["etc/shared/default/merged.mg", "etc/shared/"],
    ["var/multigroups/ab12/merged.mg", "var/multigroups/"],
    ["queue/agent-groups/001", "queue/agent-groups/"],
    ["etc/lists/sub/päth with space", "etc/lists/"],
    ["etc/lists/two\nlines\tand \u0001 control", "etc/lists/"],
    ["etc/lists/😀", "etc/lists/"],
    ["etc/rules/...", "etc/rules/"],
    ["etc/rules/..a", "etc/rules/"],
    ["etc/rules/foo.merged", "etc/rules/"],
  ])("accepts %j under %s", (path, itemKey) => {
    expect(itemKeyOf(path)).toBe(itemKey);
  });

  test.each([
    ["the node's own configuration", "etc/ossec.conf"],
    ["that with a trailing slash", "etc/ossec.conf/"],
    ["a name that a listing item does not list", "etc/local_internal_options.conf"],
    ["a listed name below an item that is not recursive", "etc/sub/client.keys"],
    ["an unlisted name in a listing item", "var/multigroups/ab12/other.mg"],
    ["an excluded name", "etc/shared/default/ar.conf"],
    ["an excluded name in any item", "etc/rules/ossec.conf"],
    ["an excluded ending ~", "etc/rules/local_rules.xml~"],
    ["an excluded ending .tmp", "etc/rules/x.tmp"],
    ["an excluded ending .lock", "etc/rules/.lock"],
    ["an excluded ending .swp", "etc/rules/.x.swp"],
    ["a file outside all items", "active-response/bin/evil.sh"],
    ["a file in the root", "client.keys"],
    ["an item's folder itself", "etc/rules"],
    ["an item key", "etc/rules/"],
    ["a folder that only begins as an item", "etc/rulesx/a"],
    ["an absolute path", "/etc/rules/a"],
    ["two absolute slashes", "//etc/rules/a"],
    ["an empty inner name", "etc/rules//a"],
    ["a parent in the middle", "etc/rules/../ossec.conf"],
    ["a parent that stays inside", "etc/rules/x/../a"],
    ["a parent at the beginning", "../etc/rules/a"],
    ["a parent at the end", "etc/rules/.."],
    ["a dot in the middle", "etc/rules/./a"],
    ["a dot at the beginning", "./etc/rules/a"],
    ["a NUL", "etc/rules/a\0.xml"],
    ["a backslash", "etc/rules/a\\b"],
    ["a backslash for a parent", "etc/rules/..\\..\\ossec.conf"],
    ["a lone surrogate", "etc/rules/\udcff"],
    ["a name of 256 bytes", `etc/rules/${"a".repeat(256)}`],
    ["a name of 86 characters and 258 bytes", `etc/rules/${"\ufb01".repeat(86)}`],
    ["a path of 4,096 bytes", `etc/rules/${"a/".repeat(2042)}aa`],
    ["nothing", ""],
    ["a prototype's name", "__proto__/x"],
    ["another one", "constructor/prototype"],
  ])("refuses %s", (_what, path) => {
    expect(itemKeyOf(path)).toBeUndefined();
  });

  test("accepts the longest name and the longest path that Linux has", () => {
    expect(itemKeyOf(`etc/rules/${"a".repeat(255)}`)).toBe("etc/rules/");
    expect(itemKeyOf(`etc/rules/${"\ufb01".repeat(85)}`)).toBe("etc/rules/");
    const longest = `etc/rules/${"a/".repeat(2042)}a`;
    expect(longest).toHaveLength(4095);
    expect(itemKeyOf(longest)).toBe("etc/rules/");
  });

  test("never accepts etc/ossec.conf, even when an item asks for it by name", () => {
    const greedy = { ...itemsWith({ "etc/": { files: ["ossec.conf", "client.keys"] } }), excludedFiles: [] };
    expect(classify(greedy, "etc/ossec.conf")).toBeUndefined();
    expect(classify(greedy, "etc/client.keys")?.itemKey).toBe("etc/");
  });

  test("lets the longest item key decide, even when that item refuses the file", () => {
    const nested = itemsWith({ "etc/": {}, "etc/rules/": { files: ["only.xml"] } });
    expect(classify(nested, "etc/rules/only.xml")?.itemKey).toBe("etc/rules/");
    expect(classify(nested, "etc/rules/other.xml")).toBeUndefined();
    expect(classify(nested, "etc/other.xml")?.itemKey).toBe("etc/");
  });

  test("takes an item's own folder for no file of the item around it", () => {
    const nested = itemsWith({ "etc/": {}, "etc/rules/": {} });
    expect(classify(nested, "etc/rules")).toBeUndefined();
    expect(classify(nested, "etc/rules.xml")?.itemKey).toBe("etc/");
  });

  test('takes "all" for a wildcard only when it is the whole list', () => {
    const listing = itemsWith({ "etc/rules/": { files: ["all", "x"] } });
    expect(classify(listing, "etc/rules/all")).toBeDefined();
    expect(classify(listing, "etc/rules/other")).toBeUndefined();
  });

  test("accepts no path that normalising changes, and none that leaves its item", () => {
    const piece = fc.constantFrom("etc", "rules", "shared", "..", ".", "", "a", "client.keys", "ossec.conf", "\\", "\0", "queue");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const path = pieces.join("/");
        const match = classify(items, path);
        if (match === undefined) return;
        expect(normalize(path)).toBe(path);
        expect(normalize(join("/root", path)).startsWith(`/root/${match.itemKey}`)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("agrees with the words of the specification for any well-formed path", () => {
    const name = fc.constantFrom("etc", "rules", "shared", "var", "multigroups", "queue", "agent-groups", "client.keys", "merged.mg", "x.tmp", "ar.conf", "a b");
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), (names) => {
        const path = names.join("/");
        expect(itemKeyOf(path)).toBe(naiveItemKey(path, items));
      }),
      { numRuns: 3000 },
    );
  });

  test("accepts exactly the files that the walk finds", () => {
    const name = fc.constantFrom("a", "sub", "client.keys", "merged.mg", "x.tmp", "y~", "ar.conf", "ossec.conf", "back\\slash", "two\nlines", "ünï", "rules", "001");
    const folder = fc.constantFrom("", "etc", "etc/rules", "etc/shared", "etc/shared/deep", "var/multigroups", "queue/agent-groups", "logs");
    const file = fc.tuple(folder, fc.array(name, { minLength: 1, maxLength: 3 })).map(([top, names]) => [top, ...names].filter(Boolean).join("/"));
    fc.assert(
      fc.property(fc.array(file, { maxLength: 15 }), (paths) =>
        withRoot((root) => {
          const written = paths.filter((path) => tryWrite(root, path));
          const walked = [...indexTree(scopeOf(root)).index.entries()].map(({ path }) => path);
          expect(walked.sort()).toEqual([...new Set(written)].filter((path) => classify(items, path) !== undefined).sort());
        }),
      ),
      { numRuns: 150 },
    );
  });
});

describe("names and paths", () => {
  test("a plain name is one plain segment", () => {
    expect(["a", "a b", "...", "ü"].every(isPlainName)).toBe(true);
    expect(["", ".", "..", "a/b", "/", "a\\b", "a\0", "\ud800"].some(isPlainName)).toBe(false);
  });

  test("a plain path may lie outside all items", () => {
    expect(isPlainPath("queue/cluster/worker1/agent-groups.merged")).toBe(true);
    expect(isPlainPath("queue/cluster/../x")).toBe(false);
  });

  test("backslashes and lone surrogates are what honest peers may have and muster does not move", () => {
    expect(["a\\b", "x\udcffy", "\ud83d"].every(isUntravellable)).toBe(true);
    expect(["a/../b", "😀", "/a", "\n"].some(isUntravellable)).toBe(false);
  });

  test("an item key is looked up among own properties only", () => {
    expect(itemOfKey(items, "etc/")?.files).toEqual(["client.keys"]);
    for (const key of ["__proto__", "constructor", "toString", "etc"]) expect(itemOfKey(items, key)).toBeUndefined();
  });
});

describe("agentOfGroupFile", () => {
  test.each([
    ["queue/agent-groups/001", "001"],
    ["queue/agent-groups/12345", "12345"],
  ])("finds the agent of %s", (path, agent) => {
    expect(agentOfGroupFile(path)).toBe(agent);
  });

  test.each(["queue/agent-groups/sub/001", "queue/agent-groups/01", "queue/agent-groups/x", "queue/agent-groups/001\n", "queue/agent-groups/", "etc/001"])(
    "finds none in %j",
    (path) => {
      expect(agentOfGroupFile(path)).toBeUndefined();
    },
  );
});

/** Writes a file unless another one is in its way. */
function tryWrite(root: string, path: string): boolean {
  try {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
    return true;
  } catch {
    return false;
  }
}
