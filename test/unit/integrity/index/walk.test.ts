import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, afterEach, describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { REPORTED_PROBLEMS } from "../../../../src/integrity/Problems.js";
import { walk } from "../../../../src/integrity/walk.js";
import { diskFailingAt, diskWith, filesOf, indexTree, itemsWith, md5, naiveIndex, scopeOf, writeTree } from "../../../support/tree.js";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync("/tmp/muster-walk-");
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

const pathsOf = (index: FileIndex): string[] => [...index.entries()].map(({ path }) => path);
const problemsOf = (problems: readonly { path: string; code: string }[]): [string, string][] => problems.map(({ path, code }) => [path, code]);

describe("a first walk", () => {
  test("finds each item's files with their hashes, sizes and times", () => {
    writeTree(root, { "etc/client.keys": "001 a", "etc/rules/local.xml": "<r/>", "logs/x": "no" });
    fs.utimesSync(join(root, "etc/rules/local.xml"), 1795457980.25, 1795457980.25);
    const { index, files, toHash, changed, allProblems } = indexTree(scopeOf(root));
    expect(filesOf(index)).toEqual(naiveIndex(root, defaultClusterItems()));
    expect(index.find("etc/rules/local.xml")?.modTime).toBe(1795457980.25);
    expect({ files, toHash, changed, allProblems }).toEqual({ files: 2, toHash: 2, changed: true, allProblems: [] });
  });

  test("of a root without any item directory finds nothing and has no problem", () => {
    const { index, allProblems, batches } = indexTree(scopeOf(root));
    expect([index.size, allProblems, batches]).toEqual([0, [], []]);
  });

  test("goes through a root that is a link itself", () => {
    writeTree(root, { "real/etc/rules/a": "1" });
    fs.symlinkSync(join(root, "real"), join(root, "link"));
    expect(pathsOf(indexTree(scopeOf(join(root, "link"))).index)).toEqual(["etc/rules/a"]);
  });

  test("leaves a nested item's folder to that item", () => {
    const items = itemsWith({ "etc/": {}, "etc/rules/": { files: ["b"], recursive: false } });
    writeTree(root, { "etc/a": "1", "etc/rules/a": "2", "etc/rules/b": "3", "etc/rules/sub/b": "4", "etc/z": "5" });
    const { index } = indexTree(scopeOf(root, items));
    expect(filesOf(index).map(([path, { itemKey }]) => [path, itemKey])).toEqual([["etc/a", "etc/"], ["etc/rules/b", "etc/rules/"], ["etc/z", "etc/"]]);
  });

  test("keeps names with spaces, newlines, and characters of every length", () => {
    const names = ["a b", "two\nlines", "é", "\ufb01", "😀", "\ufffd", "\u0001", "-", "~x"];
    writeTree(root, Object.fromEntries(names.map((name) => [`etc/lists/${name}/${name}`, name])));
    const { index, allProblems } = indexTree(scopeOf(root));
    expect(filesOf(index)).toEqual(naiveIndex(root, defaultClusterItems()));
    expect([index.size, allProblems]).toEqual([names.length, []]);
  });
});

describe("what the walk leaves out", () => {
  test("the node's own configuration, even when an item asks for it by name", () => {
    writeTree(root, { "etc/ossec.conf": "1", "etc/client.keys": "2" });
    const greedy = { ...itemsWith({ "etc/": {} }), excludedFiles: [] };
    const { index, allProblems } = indexTree(scopeOf(root, greedy));
    expect([pathsOf(index), allProblems]).toEqual([["etc/client.keys"], []]);
  });

  test("a link to a file is withheld and reported, not followed", () => {
    writeTree(root, { "etc/rules/a": "1", secret: "2" });
    fs.symlinkSync(join(root, "secret"), join(root, "etc/rules/link"));
    const { index, allProblems } = indexTree(scopeOf(root));
    expect([pathsOf(index), [...index.withheld()]]).toEqual([["etc/rules/a"], ["etc/rules/link"]]);
    expect(problemsOf(allProblems)).toEqual([["etc/rules/link", "ELOOP"]]);
  });

  test("a link to a folder is withheld and reported, not followed", () => {
    writeTree(root, { "outside/a": "1", "etc/shared/b": "2" });
    fs.symlinkSync(join(root, "outside"), join(root, "etc/shared/group"));
    const { index, allProblems } = indexTree(scopeOf(root));
    expect([pathsOf(index), [...index.withheld()]]).toEqual([["etc/shared/b"], ["etc/shared/group"]]);
    expect(problemsOf(allProblems)).toEqual([["etc/shared/group", "ELOOP"]]);
  });

  test("a link in a circle does not end the walk", () => {
    writeTree(root, { "etc/shared/b": "2" });
    fs.symlinkSync(".", join(root, "etc/shared/self"));
    expect(pathsOf(indexTree(scopeOf(root)).index)).toEqual(["etc/shared/b"]);
  });

  test.each(["etc", "etc/rules"])("an item below the link %s is withheld as a whole", (link) => {
    writeTree(root, { "elsewhere/rules/a": "1", "elsewhere/a": "1", "etc/decoders/b": "2" });
    fs.rmSync(join(root, link), { recursive: true, force: true });
    fs.symlinkSync(join(root, "elsewhere"), join(root, link));
    const { index, allProblems } = indexTree(scopeOf(root, itemsWith({ "etc/rules/": {} })));
    expect([index.size, [...index.withheld()]]).toEqual([0, ["etc/rules"]]);
    expect(problemsOf(allProblems)).toEqual([[link, "ENOTDIR"]]);
  });

  test("an item directory that is a file is withheld", () => {
    writeTree(root, { "etc/rules": "a file" });
    const { index, allProblems } = indexTree(scopeOf(root, itemsWith({ "etc/rules/": {} })));
    expect([index.size, [...index.withheld()], problemsOf(allProblems)]).toEqual([0, ["etc/rules"], [["etc/rules", "ENOTDIR"]]]);
  });

  test.each(["a file", "a link"])("a nested item's directory that is %s is told once", (kind) => {
    writeTree(root, { "etc/a": "1" });
    if (kind === "a link") fs.symlinkSync("nowhere", join(root, "etc/rules"));
    else writeTree(root, { "etc/rules": "a file" });
    const { index, allProblems } = indexTree(scopeOf(root, itemsWith({ "etc/": {}, "etc/rules/": {} })));
    expect([pathsOf(index), [...index.withheld()], problemsOf(allProblems)]).toEqual([["etc/a"], ["etc/rules"], [["etc/rules", "ENOTDIR"]]]);
  });

  test("an item directory that cannot be looked at is withheld, one that vanishes is not", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const scope = scopeOf(root, itemsWith({ "etc/rules/": {} }));
    const denied = indexTree(scope, undefined, { disk: diskFailingAt("lstatSync", "/etc/rules", "EACCES") });
    const gone = indexTree(scope, undefined, { disk: diskFailingAt("lstatSync", "/etc/rules", "ENOENT") });
    expect([[...denied.index.withheld()], problemsOf(denied.allProblems)]).toEqual([["etc/rules"], [["etc/rules", "EACCES"]]]);
    expect([gone.index.slots, gone.allProblems]).toEqual([0, []]);
  });

  test("an excluded link is no problem", () => {
    writeTree(root, { "etc/client.keys": "1" });
    fs.symlinkSync("nowhere", join(root, "etc/localtime"));
    expect(indexTree(scopeOf(root)).allProblems).toEqual([]);
  });

  test("a name with a backslash is reported", () => {
    writeTree(root, { "etc/rules/a\\b": "1", "etc/rules/x\\y/c": "2", "etc/rules/ok": "3" });
    const { index, allProblems } = indexTree(scopeOf(root));
    expect(pathsOf(index)).toEqual(["etc/rules/ok"]);
    expect(problemsOf(allProblems)).toEqual([["etc/rules/a\\b", "EILSEQ"], ["etc/rules/x\\y", "EILSEQ"]]);
  });

  test("a name that is no UTF-8 is reported, beside one that only looks like it", () => {
    writeTree(root, { "etc/rules/\ufffd": "right", "etc/rules/b": "2" });
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/etc/rules/`), Buffer.from([0xff])]), "broken");
    const { index, allProblems } = indexTree(scopeOf(root));
    expect(pathsOf(index)).toEqual(["etc/rules/b", "etc/rules/\ufffd"]);
    expect(problemsOf(allProblems)).toEqual([["etc/rules/\ufffd", "EILSEQ"]]);
  });

  test("a folder whose name is no UTF-8 is reported with all below it", () => {
    const folder = Buffer.concat([Buffer.from(`${root}/etc/rules/`), Buffer.from([0xc3, 0x28])]);
    writeTree(root, { "etc/rules/b": "2" });
    fs.mkdirSync(folder);
    fs.writeFileSync(Buffer.concat([folder, Buffer.from("/inner")]), "x");
    const { index, allProblems } = indexTree(scopeOf(root));
    expect([pathsOf(index), allProblems.length]).toEqual([["etc/rules/b"], 1]);
  });

  test("a named pipe is withheld and nobody waits for its writer", async () => {
    writeTree(root, { "etc/rules/b": "2" });
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [join(root, "etc/rules/pipe")]);
    const { index, allProblems } = indexTree(scopeOf(root));
    expect([pathsOf(index), [...index.withheld()], problemsOf(allProblems)]).toEqual([["etc/rules/b"], ["etc/rules/pipe"], [["etc/rules/pipe", "EINVAL"]]]);
  });

  test("a folder that cannot be listed is withheld; the rest is found", () => {
    writeTree(root, { "etc/rules/closed/a": "1", "etc/rules/open/b": "2" });
    const disk = diskFailingAt("readdirSync", "/closed", "EACCES");
    const { index, allProblems } = indexTree(scopeOf(root), undefined, { disk });
    expect([pathsOf(index), [...index.withheld()]]).toEqual([["etc/rules/open/b"], ["etc/rules/closed"]]);
    expect(problemsOf(allProblems)).toEqual([["etc/rules/closed/", "EACCES"]]);
  });

  test("a folder that vanishes between two looks is no problem", () => {
    writeTree(root, { "etc/rules/gone/a": "1", "etc/rules/open/b": "2" });
    const disk = diskFailingAt("readdirSync", "/gone", "ENOENT");
    const { index, allProblems } = indexTree(scopeOf(root), undefined, { disk });
    expect([pathsOf(index), [...index.withheld()], allProblems]).toEqual([["etc/rules/open/b"], [], []]);
  });

  test("the first problems are told one by one, the others counted", () => {
    fs.mkdirSync(join(root, "etc/rules"), { recursive: true });
    for (let link = 0; link < REPORTED_PROBLEMS + 5; link++) fs.symlinkSync("x", join(root, `etc/rules/${link}`));
    const { problems } = indexTree(scopeOf(root));
    expect(problems).toHaveLength(REPORTED_PROBLEMS + 1);
    expect(problems[REPORTED_PROBLEMS]?.message).toBe("5 more files have problems");
  });
});

describe("a walk after another", () => {
  test("of an unchanged tree gives back the previous table and reads no file", () => {
    writeTree(root, { "etc/client.keys": "1", "etc/rules/a": "2", "etc/shared/g/b": "3" });
    const first = indexTree(scopeOf(root));
    const disk = diskWith({
      openSync: () => {
        throw new Error("a file was opened");
      },
    });
    const second = indexTree(scopeOf(root), first.index, { disk });
    expect(second.draft).toBe(first.draft);
    expect({ changed: second.changed, toHash: second.toHash, files: second.files }).toEqual({ changed: false, toHash: 0, files: 3 });
  });

  test("hashes only the file that changed", () => {
    writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2", "etc/rules/c": "3" });
    const first = indexTree(scopeOf(root));
    fs.writeFileSync(join(root, "etc/rules/b"), "other");
    const second = indexTree(scopeOf(root), first.index);
    expect({ toHash: second.toHash, batches: second.batches, changed: second.changed }).toEqual({ toHash: 1, batches: [[1, 2]], changed: true });
    expect(filesOf(second.index)).toEqual(naiveIndex(root, defaultClusterItems()));
  });

  test("leaves the previous table as it was", () => {
    writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2" });
    const first = indexTree(scopeOf(root));
    const before = Buffer.from(new Uint8Array(first.draft).slice());
    fs.writeFileSync(join(root, "etc/rules/b"), "other");
    indexTree(scopeOf(root), first.index);
    expect(Buffer.from(new Uint8Array(first.draft).slice()).equals(before)).toBe(true);
  });

  test("sees a touch, and keeps the hash's truth", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root));
    fs.utimesSync(join(root, "etc/rules/a"), 5, 5.5);
    const second = indexTree(scopeOf(root), first.index);
    expect([second.toHash, second.index.find("etc/rules/a")?.modTime]).toEqual([1, 5.5]);
  });

  test("sees a change that put size and modification time back", async () => {
    writeTree(root, { "etc/rules/a": "1" });
    fs.utimesSync(join(root, "etc/rules/a"), 5, 5);
    const first = indexTree(scopeOf(root), undefined, { wallTime: Date.now });
    fs.writeFileSync(join(root, "etc/rules/a"), "2");
    fs.utimesSync(join(root, "etc/rules/a"), 5, 5);
    const second = indexTree(scopeOf(root), first.index);
    expect(filesOf(second.index)).toEqual(naiveIndex(root, defaultClusterItems()));
  });

  test("sees a file that went away, without anything to hash", () => {
    writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2" });
    const first = indexTree(scopeOf(root));
    fs.rmSync(join(root, "etc/rules/a"));
    const second = indexTree(scopeOf(root), first.index);
    expect([second.changed, second.toHash, pathsOf(second.index)]).toEqual([true, 0, ["etc/rules/b"]]);
  });

  test("sees a file that moved to another item", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root));
    fs.mkdirSync(join(root, "etc/lists"));
    fs.renameSync(join(root, "etc/rules/a"), join(root, "etc/lists/a"));
    expect(pathsOf(indexTree(scopeOf(root), first.index).index)).toEqual(["etc/lists/a"]);
  });

  test("sees a file that became a folder, and back", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root));
    fs.rmSync(join(root, "etc/rules/a"));
    writeTree(root, { "etc/rules/a/b": "2" });
    const second = indexTree(scopeOf(root), first.index);
    expect(pathsOf(second.index)).toEqual(["etc/rules/a/b"]);
    fs.rmSync(join(root, "etc/rules/a"), { recursive: true });
    writeTree(root, { "etc/rules/a": "3" });
    expect(filesOf(indexTree(scopeOf(root), second.index).index)).toEqual(naiveIndex(root, defaultClusterItems()));
  });

  test("sees a file that became a link", () => {
    writeTree(root, { "etc/rules/a": "1", target: "1" });
    const first = indexTree(scopeOf(root));
    fs.rmSync(join(root, "etc/rules/a"));
    fs.symlinkSync(join(root, "target"), join(root, "etc/rules/a"));
    const { index, changed } = indexTree(scopeOf(root), first.index);
    expect([changed, index.size, [...index.withheld()]]).toEqual([true, 0, ["etc/rules/a"]]);
  });

  test("finds nothing new in a tree whose links and closed folders stayed", () => {
    writeTree(root, { "etc/rules/a": "1" });
    fs.symlinkSync("x", join(root, "etc/rules/link"));
    const first = indexTree(scopeOf(root));
    const second = indexTree(scopeOf(root), first.index);
    expect([second.changed, second.problems.length]).toEqual([false, 1]);
  });

  test("takes in a file that was a link before", () => {
    writeTree(root, { "etc/rules/b": "1" });
    fs.symlinkSync("x", join(root, "etc/rules/a"));
    const first = indexTree(scopeOf(root));
    fs.rmSync(join(root, "etc/rules/a"));
    writeTree(root, { "etc/rules/a": "2" });
    expect(filesOf(indexTree(scopeOf(root), first.index).index)).toEqual(naiveIndex(root, defaultClusterItems()));
  });

  test("hashes again what a draft had never hashed", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const unhashed = walk(nodeDisk, { kind: "walk", scope: scopeOf(root) });
    const { toHash, index } = indexTree(scopeOf(root), new FileIndex(unhashed.draft));
    expect([toHash, filesOf(index)]).toEqual([1, naiveIndex(root, defaultClusterItems())]);
  });

  test("hashes again what a draft knew to have changed but had not hashed", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root));
    fs.writeFileSync(join(root, "etc/rules/a"), "22");
    const unhashed = walk(nodeDisk, { kind: "walk", scope: scopeOf(root), previous: first.draft });
    expect(indexTree(scopeOf(root), new FileIndex(unhashed.draft)).index.find("etc/rules/a")?.hash).toBe(md5("22"));
  });

  test.each([["size", { size: 99 }], ["modification time", { mtimeMs: 99 }], ["change time", { ctimeMs: 99 }]])(
    "takes a file for changed when its %s alone differs, as on disks with coarse times",
    (_what, changed) => {
      writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2" });
      const first = indexTree(scopeOf(root));
      const lstatSync = (path: string): fs.Stats => {
        const status = fs.lstatSync(path);
        return path.endsWith("/a") ? Object.assign(status, changed) : status;
      };
      expect(walk(diskWith({ lstatSync }), { kind: "walk", scope: scopeOf(root), previous: first.draft })).toMatchObject({ toHash: 1, batches: [[0, 1]] });
    },
  );

  test("gives a file to the item that now covers it", () => {
    writeTree(root, { "etc/rules/a": "1" });
    const first = indexTree(scopeOf(root, itemsWith({ "etc/": {} })));
    const second = indexTree(scopeOf(root, itemsWith({ "etc/rules/": {} })), first.index);
    expect([first, second].map(({ index }) => index.find("etc/rules/a")?.itemKey)).toEqual(["etc/", "etc/rules/"]);
  });

  test("withholds a file that can be listed but not looked at", () => {
    writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2" });
    const first = indexTree(scopeOf(root));
    const disk = diskFailingAt("lstatSync", "/a", "EACCES");
    const { index, problems } = indexTree(scopeOf(root), first.index, { disk });
    expect([pathsOf(index), [...index.withheld()], problemsOf(problems)]).toEqual([["etc/rules/b"], ["etc/rules/a"], [["etc/rules/a", "EACCES"]]]);
  });

  test("passes over a file that vanishes between listing and looking", () => {
    writeTree(root, { "etc/rules/a": "1", "etc/rules/b": "2" });
    const first = indexTree(scopeOf(root));
    const disk = diskFailingAt("lstatSync", "/a", "ENOENT");
    const { index, problems } = indexTree(scopeOf(root), first.index, { disk });
    expect([pathsOf(index), problems]).toEqual([["etc/rules/b"], []]);
  });
});
