import { expect, test } from "vitest";
import { Leftovers } from "../../../src/node/Leftovers.js";
import type { NodeDisk } from "../../../src/node/ports/NodeDisk.js";

const A = "queue/cluster/worker1/a.zip";
const B = "queue/cluster/worker1/b.zip";

/** A disk that knows which trees were removed, and refuses those that it is told. */
function brittleDisk() {
  const broken = new Set<string>();
  const removed: string[] = [];
  const removeTree = async (path: string): Promise<void> => {
    if (broken.has(path)) throw Object.assign(new Error("EIO"), { code: "EIO" });
    removed.push(path);
  };
  return { broken, removed, disk: { removeTree } as Partial<NodeDisk> as NodeDisk };
}

test("an archive goes with all that jobs made beside it", async () => {
  const { disk, removed } = brittleDisk();
  await new Leftovers(disk, "/root").remove([A]);
  expect(removed).toEqual(["", ".tmp", ".merged", "dir"].map((ending) => `/root/${A}${ending}`));
});

// Simulation, seed 61: the disk said EIO for a moment, and the archive lay there until the node's next start.
test("what can't be removed is told to its asker, and tried again when others are removed", async () => {
  const { disk, removed, broken } = brittleDisk();
  const leftovers = new Leftovers(disk, "/root");
  broken.add(`/root/${A}`);
  await expect(leftovers.remove([A])).rejects.toThrow("EIO");
  await leftovers.remove([B]);
  expect(removed).toContain(`/root/${B}`);
  expect(removed).not.toContain(`/root/${A}`);
  broken.clear();
  await leftovers.remove([]);
  expect(removed).toContain(`/root/${A}`);
  removed.length = 0;
  await leftovers.remove([]);
  expect(removed).toEqual([]);
});

test("a path that is used again is no leftover", async () => {
  const { disk, removed, broken } = brittleDisk();
  const leftovers = new Leftovers(disk, "/root");
  broken.add(`/root/${A}`);
  await leftovers.remove([A]).catch(() => undefined);
  broken.clear();
  leftovers.forget(A);
  await leftovers.remove([B]);
  expect(removed).not.toContain(`/root/${A}`);
});

test("remembers a bounded number", async () => {
  const { disk, removed, broken } = brittleDisk();
  const leftovers = new Leftovers(disk, "/root");
  const paths = Array.from({ length: 300 }, (_, at) => `queue/cluster/worker1/${String(at)}.zip`);
  for (const path of paths) broken.add(`/root/${path}`);
  await leftovers.remove(paths).catch(() => undefined);
  broken.clear();
  await leftovers.remove([]);
  expect(removed.filter((path) => path.endsWith(".zip"))).toHaveLength(256);
});
