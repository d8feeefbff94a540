import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NodeFiles } from "../../../../src/dapi/CatalogueFunction.js";
import { nodeFiles } from "../../../../src/node/ports/nodeFiles.js";
import { temporaryFolder, writeTree } from "../nodeFixture.js";

async function filesOf(
  tree: Readonly<Record<string, string>>,
): Promise<{ readonly root: string; readonly files: NodeFiles }> {
  const root = await temporaryFolder();
  await writeTree(root, tree);
  return { root, files: nodeFiles(root) };
}

/** A root with every kind of link beside a secret outside. */
async function withLinks(): Promise<{ readonly root: string; readonly files: NodeFiles }> {
  const outside = await temporaryFolder();
  await writeTree(outside, { "secret/key": "s3cret\n" });
  const { root, files } = await filesOf({ "etc/a": "inside\n" });
  await symlink(join(outside, "secret/key"), join(root, "etc/file-out"));
  await symlink(join(outside, "secret"), join(root, "etc/folder-out"));
  await symlink("a", join(root, "etc/file-in"));
  await symlink("../etc", join(root, "etc/folder-in"));
  await symlink("nowhere", join(root, "etc/dangling"));
  return { root, files };
}

describe("a path", () => {
  test.each(["../x", "etc/../../x", "/etc/passwd", "etc/a\0b", "etc/.."])("%j is refused", async (path) => {
    const { files } = await filesOf({ "etc/a": "x" });
    await expect(files.readText(path)).rejects.toMatchObject({ code: "EACCES" });
    await expect(files.stat(path)).rejects.toMatchObject({ code: "EACCES" });
    await expect(files.list(path)).rejects.toMatchObject({ code: "EACCES" });
  });

  test.each(["etc/file-out", "etc/folder-out/key"])("through the link %s out of the root is refused", async (path) => {
    const { files } = await withLinks();
    const attempts = [files.readText(path), files.readTail(path, 10), files.hash(path, "md5"), files.stat(path)];
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes).toHaveLength(4);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "EACCES" } });
  });

  test.each(["etc/file-in", "etc/folder-in/a"])("through the link %s within the root is followed", async (path) => {
    const { files } = await withLinks();
    expect(await files.readText(path)).toBe("inside\n");
  });

  test("below a root that is itself reached by a link is taken", async () => {
    const { root } = await filesOf({ "etc/a": "x" });
    const link = join(await temporaryFolder(), "link");
    await symlink(root, link);
    expect(await nodeFiles(link).readText("etc/a")).toBe("x");
  });

  test("beside the root with the same beginning is outside", async () => {
    const parent = await temporaryFolder();
    await writeTree(parent, { "root/a": "x", "root-other/b": "secret" });
    await symlink("../root-other/b", join(parent, "root/b"));
    await expect(nodeFiles(join(parent, "root")).readText("b")).rejects.toMatchObject({ code: "EACCES" });
  });

  test("is never told with the machine's own path", async () => {
    const { root, files } = await withLinks();
    const error: unknown = await files.readText("etc/file-out").catch((reason: unknown) => reason);
    expect(String(error)).not.toContain(root);
  });
});

describe("readText", () => {
  test("gives a file's text", async () => {
    const { files } = await filesOf({ a: "Grüße\n", empty: "" });
    expect(await files.readText("a")).toBe("Grüße\n");
    expect(await files.readText("empty")).toBe("");
  });

  test("reads a file of exactly the limit, and none above", async () => {
    const { files } = await filesOf({ a: "12345" });
    expect(await files.readText("a", { maxBytes: 5 })).toBe("12345");
    await expect(files.readText("a", { maxBytes: 4 })).rejects.toMatchObject({ code: "EFBIG" });
  });

  test("reads files whose size the system does not know", async () => {
    expect(await nodeFiles("/proc").readText("self/status")).toContain("State:");
    await expect(nodeFiles("/proc").readText("self/status", { maxBytes: 10 })).rejects.toMatchObject({ code: "EFBIG" });
  });

  test("says what is not there, and what is no file", async () => {
    const { root, files } = await filesOf({ "etc/a": "x" });
    execFileSync("mkfifo", [join(root, "pipe")]);
    await expect(files.readText("etc/b")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(files.readText("etc")).rejects.toMatchObject({ code: "EISDIR" });
    await expect(files.readText("pipe")).rejects.toMatchObject({ code: "EINVAL" });
  });
});

describe("readTail", () => {
  test("gives the whole of a small file", async () => {
    const { files } = await filesOf({ log: "one\ntwo\n" });
    expect(await files.readTail("log", 100)).toBe("one\ntwo\n");
    expect(await files.readTail("log", 8)).toBe("one\ntwo\n");
  });

  test("begins with a line", async () => {
    const { files } = await filesOf({ log: "one\ntwo\nthree\n" });
    expect(await files.readTail("log", 6)).toBe("three\n");
    expect(await files.readTail("log", 7)).toBe("three\n");
    expect(await files.readTail("log", 10)).toBe("two\nthree\n");
    expect(await files.readTail("log", 5)).toBe("");
  });

  test("gives the lines that fit, for any file", async () => {
    const { root, files } = await filesOf({});
    const line = fc.string({ unit: "grapheme-ascii", maxLength: 8 }).filter((text) => !text.includes("\n"));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 60 }), async (lines, maxBytes) => {
        await writeFile(join(root, "log"), lines.map((text) => `${text}\n`).join(""));
        const fitting: string[] = [];
        for (const text of [...lines].reverse()) {
          const candidate = [`${text}\n`, ...fitting];
          if (candidate.join("").length > maxBytes) break;
          fitting.unshift(`${text}\n`);
        }
        expect(await files.readTail("log", maxBytes)).toBe(fitting.join(""));
      }),
      { numRuns: 60 },
    );
  });
});

describe("list", () => {
  test("gives names in order, with their kinds", async () => {
    const { files } = await filesOf({ "d/b": "", "d/a/x": "", "d/c": "" });
    expect(await files.list("d")).toEqual([
      { name: "a", isFile: false, isFolder: true },
      { name: "b", isFile: true, isFolder: false },
      { name: "c", isFile: true, isFolder: false },
    ]);
  });

  test("is empty where there is no folder", async () => {
    const { files } = await filesOf({ a: "" });
    expect(await files.list("none")).toEqual([]);
    expect(await files.list("a")).toEqual([]);
    expect(await files.list("a/b")).toEqual([]);
  });

  test("takes a link for what it leads to, and for nothing when that is outside", async () => {
    const { files } = await withLinks();
    const kinds = new Map((await files.list("etc")).map(({ name, ...kind }) => [name, kind]));
    expect(kinds.get("file-in")).toEqual({ isFile: true, isFolder: false });
    expect(kinds.get("folder-in")).toEqual({ isFile: false, isFolder: true });
    for (const name of ["file-out", "folder-out", "dangling"])
      expect(kinds.get(name)).toEqual({ isFile: false, isFolder: false });
  });
});

describe("stat and hash", () => {
  test("tell size, time and kind", async () => {
    const { files } = await filesOf({ "d/a": "12345" });
    const status = await files.stat("d/a");
    expect(status).toMatchObject({ size: 5, isFile: true });
    expect(status?.modified).toBeInstanceOf(Date);
    expect((await files.stat("d"))?.isFile).toBe(false);
  });

  test("know nothing of what is not there", async () => {
    const { files } = await filesOf({ a: "" });
    expect(await files.stat("b")).toBeUndefined();
    expect(await files.stat("a/b")).toBeUndefined();
  });

  test.each(["md5", "sha1", "sha256"])("hash by %s, in pieces", async (algorithm) => {
    const text = "x".repeat(700_000);
    const { files } = await filesOf({ a: text });
    expect(await files.hash("a", algorithm)).toBe(createHash(algorithm).update(text).digest("hex"));
  });

  test("refuse an unknown algorithm", async () => {
    const { files } = await filesOf({ a: "" });
    await expect(files.hash("a", "crc7")).rejects.toThrow();
  });
});

describe("processRuns", () => {
  test("knows this process, and a child until it ended", async () => {
    const files = nodeFiles(await temporaryFolder());
    expect(await files.processRuns(process.pid)).toBe(true);
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const { pid } = child;
    if (pid === undefined) throw new Error("no child");
    expect(await files.processRuns(pid)).toBe(true);
    child.stdin.end();
    await once(child, "exit");
    expect(await files.processRuns(pid)).toBe(false);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 40])("knows no process %d", async (pid) => {
    expect(await nodeFiles(await temporaryFolder()).processRuns(pid)).toBe(false);
  });
});

test("a folder that may not be looked into is no empty folder", async () => {
  const { root, files } = await filesOf({});
  await mkdir(join(root, "closed"), { mode: 0 });
  const outcome = await files.list("closed").catch((error: unknown) => (error as NodeJS.ErrnoException).code);
  expect(outcome).toEqual(process.getuid?.() === 0 ? [] : "EACCES");
});
