import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeDisk, type Disk } from "../../../../src/integrity/Disk.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { hashFiles, STAMP_MILLISECONDS } from "../../../../src/integrity/hashFiles.js";
import { walk } from "../../../../src/integrity/walk.js";
import type { HashResult } from "../../../../workers/jobs.js";
import { diskFailingAt, diskWith, indexTree, longAfter, md5, scopeOf, writeTree, type Tree } from "../../../support/tree.js";

const BUFFER_BYTES = 256 * 1024;

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync("/tmp/muster-hash-");
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** Writes a tree, walks it, lets it change, and hashes the draft. */
function hashTree(
  tree: Tree,
  { meanwhile = () => undefined, disk = nodeDisk, wallTime = longAfter, from = 0, to = Infinity }: {
    meanwhile?: () => void;
    disk?: Disk;
    wallTime?: () => number;
    from?: number;
    to?: number;
  } = {},
): HashResult & { index: FileIndex; hashOf: (path: string) => string | undefined } {
  writeTree(root, tree);
  const { draft } = walk(nodeDisk, { kind: "walk", scope: scopeOf(root) });
  meanwhile();
  const result = hashFiles(disk, { kind: "hash", scope: scopeOf(root), draft, from, to }, wallTime);
  const index = new FileIndex(draft);
  return { ...result, index, hashOf: (path) => index.find(path)?.hash };
}

describe("hashing", () => {
  test.each([0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 3 * BUFFER_BYTES + 17])("hashes a file of %i bytes", (length) => {
    const content = Buffer.alloc(length, "muster");
    const { hashOf, index } = hashTree({ "etc/rules/a": content });
    expect([hashOf("etc/rules/a"), index.at(0).size]).toEqual([md5(content), length]);
  });

  test("does not let one file's bytes into the next one's hash", () => {
    const { hashOf } = hashTree({ "etc/rules/a": "x".repeat(1000), "etc/rules/b": "y", "etc/rules/c": "" });
    expect(["a", "b", "c"].map((name) => hashOf(`etc/rules/${name}`))).toEqual([md5("x".repeat(1000)), md5("y"), md5("")]);
  });

  test("puts short reads together", () => {
    const content = Buffer.alloc(1000, "0123456789");
    const readSync: Disk["readSync"] = (descriptor, buffer, offset, length, position) =>
      fs.readSync(descriptor, buffer, offset, Math.min(length, 7), position);
    expect(hashTree({ "etc/rules/a": content }, { disk: diskWith({ readSync }) }).hashOf("etc/rules/a")).toBe(md5(content));
  });

  test("does only the slots that it was given", () => {
    const { index, hashed } = hashTree({ "etc/rules/a": "1", "etc/rules/b": "2", "etc/rules/c": "3", "etc/rules/d": "4" }, { from: 1, to: 3 });
    expect([0, 1, 2, 3].map((slot) => index.needsHash(slot))).toEqual([true, false, false, true]);
    expect(hashed).toBe(2);
  });

  test("does nothing twice", () => {
    const { index } = hashTree({ "etc/rules/a": "1" });
    const again = hashFiles(nodeDisk, { kind: "hash", scope: scopeOf(root), draft: index.buffer, from: 0, to: 1 }, longAfter);
    expect(again).toEqual({ hashed: 0, problems: [] });
  });

  test("closes every file, also one that it could not read", () => {
    const open = new Set<number>();
    const disk = diskWith({
      openSync: (path, flags) => {
        const descriptor = fs.openSync(path, flags);
        open.add(descriptor);
        return descriptor;
      },
      closeSync: (descriptor) => {
        open.delete(descriptor);
        fs.closeSync(descriptor);
      },
      readSync: () => {
        throw Object.assign(new Error("broken"), { code: "EIO" });
      },
    });
    hashTree({ "etc/rules/a": "1", "etc/rules/b": "" }, { disk });
    expect(open.size).toBe(0);
  });
});

describe("a file that is not there or cannot be read", () => {
  test("is absent without a problem when it vanished", () => {
    const { hashed, problems, index } = hashTree({ "etc/rules/a": "1", "etc/rules/b": "2" }, { meanwhile: () => fs.rmSync(join(root, "etc/rules/a")) });
    expect({ hashed, problems, paths: [...index.entries()].map(({ path }) => path), withheld: [...index.withheld()] }).toEqual({
      hashed: 1,
      problems: [],
      paths: ["etc/rules/b"],
      withheld: [],
    });
  });

  test("is absent when its folder vanished, or became a file", () => {
    for (const became of ["nothing", "a file"]) {
      const { problems, index } = hashTree(
        { "etc/rules/sub/a": "1" },
        {
          meanwhile: () => {
            fs.rmSync(join(root, "etc/rules/sub"), { recursive: true });
            if (became === "a file") fs.writeFileSync(join(root, "etc/rules/sub"), "x");
          },
        },
      );
      expect([problems, index.size, [...index.withheld()]]).toEqual([[], 0, []]);
      fs.rmSync(join(root, "etc"), { recursive: true });
    }
  });

  test("is withheld and reported when access is denied; the rest is hashed", () => {
    const { hashed, problems, index } = hashTree({ "etc/rules/a": "1", "etc/rules/b": "2" }, { disk: diskFailingAt("openSync", "/a", "EACCES") });
    expect([hashed, [...index.withheld()]]).toEqual([1, ["etc/rules/a"]]);
    expect(problems.map(({ path, code }) => [path, code])).toEqual([["etc/rules/a", "EACCES"]]);
  });

  test("is withheld when it became a link, which is not followed", () => {
    const { problems, index } = hashTree(
      { "etc/rules/a": "1", secret: "2" },
      {
        meanwhile: () => {
          fs.rmSync(join(root, "etc/rules/a"));
          fs.symlinkSync(join(root, "secret"), join(root, "etc/rules/a"));
        },
      },
    );
    expect([[...index.withheld()], problems.map(({ code }) => code)]).toEqual([["etc/rules/a"], ["ELOOP"]]);
  });

  test("is withheld when its folder became a link, which is not followed", () => {
    const { problems, index, hashed } = hashTree(
      { "etc/rules/sub/a": "1", "elsewhere/a": "2" },
      {
        meanwhile: () => {
          fs.rmSync(join(root, "etc/rules/sub"), { recursive: true });
          fs.symlinkSync(join(root, "elsewhere"), join(root, "etc/rules/sub"));
        },
      },
    );
    expect([hashed, index.size, [...index.withheld()]]).toEqual([0, 0, ["etc/rules/sub/a"]]);
    expect(problems[0]?.message).toContain('"etc/rules/sub" is a symbolic link');
  });

  test("is withheld when it became a folder", () => {
    const { problems, index } = hashTree(
      { "etc/rules/a": "1" },
      {
        meanwhile: () => {
          fs.rmSync(join(root, "etc/rules/a"));
          fs.mkdirSync(join(root, "etc/rules/a"));
        },
      },
    );
    expect([[...index.withheld()], problems.map(({ code }) => code)]).toEqual([["etc/rules/a"], ["EINVAL"]]);
  });

  test("is tried again by the next pass when it was the disk's fault", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const failed = indexTree(scopeOf(root), undefined, { disk: diskFailingAt("openSync", "/a", "EMFILE") });
    const next = indexTree(scopeOf(root), failed.index);
    expect([failed.index.size, next.index.find("etc/rules/a")?.hash]).toEqual([0, md5("1")]);
  });

  test("is left alone by the next pass while access stays denied, and reported again", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const failed = indexTree(scopeOf(root), undefined, { disk: diskFailingAt("openSync", "/a", "EACCES") });
    const next = indexTree(scopeOf(root), failed.index);
    expect([next.changed, next.problems.map(({ path, code }) => [path, code])]).toEqual([false, [["etc/rules/a", "EACCES"]]]);
  });

  test("is tried again once somebody changed its mode", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const failed = indexTree(scopeOf(root), undefined, { disk: diskFailingAt("openSync", "/a", "EACCES"), wallTime: Date.now });
    fs.chmodSync(join(root, "etc/rules/a"), 0o600);
    expect(indexTree(scopeOf(root), failed.index).index.find("etc/rules/a")?.hash).toBe(md5("1"));
  });
});

describe("a file that changes", () => {
  test("between walk and hash is hashed as it then is, with its new time", () => {
    const { index } = hashTree(
      { "etc/rules/a": "1" },
      {
        meanwhile: () => {
          fs.writeFileSync(join(root, "etc/rules/a"), "longer");
          fs.utimesSync(join(root, "etc/rules/a"), 7, 7.5);
        },
      },
    );
    expect(index.at(0)).toMatchObject({ hash: md5("longer"), size: 6, modTime: 7.5 });
  });

  test("while it is read is looked at again by the next pass", () => {
    const disk = diskWith({
      readSync: (descriptor, buffer, offset, length, position) => {
        const got = fs.readSync(descriptor, buffer, offset, length, position);
        fs.writeFileSync(join(root, "etc/rules/a"), "after");
        fs.utimesSync(join(root, "etc/rules/a"), 9, 9);
        return got;
      },
    });
    const { index } = hashTree({ "etc/rules/a": "befor" }, { disk });
    expect(index.at(0).hash).toBe(md5("befor"));
    expect(indexTree(scopeOf(root), index).index.find("etc/rules/a")?.hash).toBe(md5("after"));
  });

  test("by growing without end is hashed to the length that it had", () => {
    const disk = diskWith({
      readSync: (descriptor, buffer, offset, length, position) => {
        fs.appendFileSync(join(root, "etc/rules/a"), "more");
        return fs.readSync(descriptor, buffer, offset, length, position);
      },
    });
    expect(hashTree({ "etc/rules/a": "start" }, { disk }).hashOf("etc/rules/a")).toBe(md5("start"));
  });

  test("by shrinking while it is read is hashed as far as it went", () => {
    const disk = diskWith({
      readSync: (descriptor, buffer, offset, length, position) => {
        fs.truncateSync(join(root, "etc/rules/a"), 3);
        return fs.readSync(descriptor, buffer, offset, length, position);
      },
    });
    expect(hashTree({ "etc/rules/a": "start" }, { disk }).hashOf("etc/rules/a")).toBe(md5("sta"));
  });
});

describe("a file so young that its next change may bear the same time", () => {
  const changedAt = (): number => fs.lstatSync(join(root, "etc/rules/a")).ctimeMs;

  test.each([
    ["is not trusted by the next pass", STAMP_MILLISECONDS - 1, true],
    ["is not trusted either when the clock is a little behind", -(STAMP_MILLISECONDS - 1), true],
    ["is trusted once it is older", STAMP_MILLISECONDS + 1, false],
    ["is trusted when its time lies far in the future, after the clock was set back", -60_000, false],
  ])("%s", (_what, age, changed) => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root), undefined, { wallTime: () => changedAt() + age });
    expect(indexTree(scopeOf(root), first.index).changed).toBe(changed);
  });
});
