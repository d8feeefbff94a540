import * as fs from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClusterItems } from "../../../../src/config/ClusterItems.js";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { filesOf, indexTree, itemsWith, naiveIndex, scopeOf, withRoot } from "../../../support/tree.js";

const folders = ["etc", "etc/rules", "etc/rules/sub", "etc/shared", "etc/shared/g", "var/multigroups/x", "queue/agent-groups", "elsewhere"];
const names = ["a", "a.b", "a0", "b", "client.keys", "merged.mg", "x.tmp", "ossec.conf", "two words", "\ufb01", "😀", "001", "sub", "back\\slash"];
const path = fc.tuple(fc.constantFrom(...folders), fc.constantFrom(...names)).map(([folder, name]) => `${folder}/${name}`);
/** Now and then a whole folder is meant, an item's own too. */
const target = fc.oneof({ weight: 9, arbitrary: path }, { weight: 1, arbitrary: fc.constantFrom(...folders) });
const content = fc.oneof(fc.constantFrom("", "1", "2"), fc.string({ maxLength: 5 }));

type Change =
  | { readonly do: "write"; readonly path: string; readonly content: string }
  | { readonly do: "remove" | "folder" | "link"; readonly path: string }
  | { readonly do: "touch"; readonly path: string; readonly time: number }
  | { readonly do: "rename"; readonly path: string; readonly to: string };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("write" as const), path: target, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "folder" as const, "link" as const), path: target }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("touch" as const), path, time: fc.constantFrom(1, 1.5, 2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("rename" as const), path: target, to: target }) },
);
const changes = fc.array(change, { maxLength: 25 });

const variants: readonly (readonly [string, ClusterItems])[] = [
  ["the default items", defaultClusterItems()],
  ["items inside items", itemsWith({ "etc/": {}, "etc/rules/": { files: ["a", "b"], recursive: false }, "etc/rules/sub/": {}, "queue/": {} })],
];

describe.each(variants)("with %s", (_what, items) => {
  test("walking and hashing agree with a naive index of any tree", () => {
    fc.assert(
      fc.property(changes, (made) =>
        withRoot((root) => {
          made.forEach((step) => apply(root, step));
          expect(filesOf(indexTree(scopeOf(root, items)).index)).toEqual(naiveIndex(root, items));
        }),
      ),
      { numRuns: 100 },
    );
  });

  test("walking again after any changes agrees too, however soon they came", () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 2, maxLength: 4 }), (rounds) =>
        withRoot((root) => {
          let previous;
          for (const made of rounds) {
            made.forEach((step) => apply(root, step));
            previous = indexTree(scopeOf(root, items), previous, { wallTime: Date.now }).index;
            expect(filesOf(previous)).toEqual(naiveIndex(root, items));
          }
        }),
      ),
      { numRuns: 100 },
    );
  });

  test("walking again without changes finds nothing new and gives back the same table", () => {
    fc.assert(
      fc.property(changes, (made) =>
        withRoot((root) => {
          made.forEach((step) => apply(root, step));
          const first = indexTree(scopeOf(root, items));
          const second = indexTree(scopeOf(root, items), first.index);
          expect([second.changed, second.draft === first.draft, second.files]).toEqual([false, true, first.files]);
        }),
      ),
      { numRuns: 50 },
    );
  });
});

/** Makes one change where the tree allows it; what stands in its way is left alone. */
function apply(root: string, change: Change): void {
  const target = join(root, change.path);
  try {
    fs.mkdirSync(dirname(target), { recursive: true });
    if (change.do === "write") fs.writeFileSync(target, change.content);
    else if (change.do === "touch") fs.utimesSync(target, change.time, change.time);
    else if (change.do === "rename") fs.renameSync(target, join(root, change.to));
    else {
      fs.rmSync(target, { recursive: true, force: true });
      if (change.do === "folder") fs.mkdirSync(target);
      if (change.do === "link") fs.symlinkSync(join(root, "elsewhere"), target);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
