import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PackedArchives } from "../../../src/node/master/PackedArchives.js";
import { systemDisk } from "../../../src/node/ports/systemDisk.js";
import type { PackDifferenceResult } from "../../../workers/jobs.js";

let root: string;
let packed: string[];
let archives: PackedArchives;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "muster-archives-"));
  packed = [];
  archives = new PackedArchives(systemDisk, root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const RESULT: PackDifferenceResult = {
  bytes: 7,
  files: 1,
  sha256: Buffer.alloc(32, 1),
  counts: { missing: 1, shared: 0, extra: 0, extraValid: 0 },
  problems: [],
};

/** Packs what a worker wants; its archive holds the worker's name. */
function packing(worker: string, work: Promise<void> = Promise.resolve()): () => Promise<PackDifferenceResult> {
  return async () => {
    packed.push(worker);
    await work;
    await writeFile(join(root, worker), `archive of ${worker}`);
    return RESULT;
  };
}

const take = (worker: string, content: string | null = "same", pack = packing(worker), signal = new AbortController().signal) =>
  archives.take({ content, path: worker, signal, pack });
const contentOf = (worker: string): Promise<string> => readFile(join(root, worker), "utf8");

describe("workers that miss the same files", () => {
  test("at once get one archive under a name each, with its result", async () => {
    const results = await Promise.all(["w1", "w2", "w3"].map((worker) => take(worker)));
    expect(packed).toEqual(["w1"]);
    expect(results).toEqual([RESULT, RESULT, RESULT]);
    expect(await Promise.all(["w1", "w2", "w3"].map(contentOf))).toEqual(Array(3).fill("archive of w1"));
  });

  test("keep theirs when the first one is done with it", async () => {
    await Promise.all([take("w1"), take("w2")]);
    await unlink(join(root, "w1"));
    expect(await contentOf("w2")).toBe("archive of w1");
  });

  test("later, when it is gone, get one that is packed anew", async () => {
    await take("w1");
    await unlink(join(root, "w1"));
    await Promise.all([take("w2"), take("w3")]);
    expect(packed).toEqual(["w1", "w2"]);
  });

  test("do not get a file that took the archive's name", async () => {
    await take("w1");
    await unlink(join(root, "w1"));
    await writeFile(join(root, "w1"), "w1 has written ");
    await take("w2");
    expect(await contentOf("w2")).toBe("archive of w2");
  });

  test("go on without the first one when it gives up: the next one packs", async () => {
    let fail = (_error: Error): void => undefined;
    const waiting = new Promise<void>((_, reject) => (fail = reject));
    const first = take("w1", "same", packing("w1", waiting));
    const others = [take("w2"), take("w3")];
    fail(new Error("given up"));
    await expect(first).rejects.toThrow("given up");
    await Promise.all(others);
    expect(packed).toEqual(["w1", "w2"]);
    expect(await contentOf("w3")).toBe("archive of w2");
  });

  test("hear at once when their own round is given up", async () => {
    const abort = new AbortController();
    void take("w1", "same", packing("w1", new Promise(() => undefined)));
    const second = take("w2", "same", packing("w2"), abort.signal);
    abort.abort(new Error("the connection is gone"));
    await expect(second).rejects.toThrow("the connection is gone");
    expect(packed).toEqual(["w1"]);
  });
});

test("workers that miss others, or whose archive is their own, get their own", async () => {
  await Promise.all([take("w1", "a"), take("w2", "b"), take("w3", null), take("w4", null)]);
  expect(packed.sort()).toEqual(["w1", "w2", "w3", "w4"]);
});
