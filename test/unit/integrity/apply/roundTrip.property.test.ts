import { mkdirSync, renameSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { apply } from "../../../../src/integrity/apply.js";
import { packDifference } from "../../../../src/integrity/archive/packDifference.js";
import { packIndex } from "../../../../src/integrity/archive/packIndex.js";
import { readIndex } from "../../../../src/integrity/archive/readIndex.js";
import { unpack } from "../../../../src/integrity/archive/unpack.js";
import { compare } from "../../../../src/integrity/compare.js";
import { decodeDifference, isEmptyDifference } from "../../../../src/integrity/Difference.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { hashFiles } from "../../../../src/integrity/hashFiles.js";
import { walk } from "../../../../src/integrity/walk.js";
import { NodeTree } from "../archive/nodeTree.js";

const ARCHIVE = "queue/cluster/worker1/x.zip";

function indexOf(tree: NodeTree): SharedArrayBuffer {
  const { draft, batches } = walk(nodeDisk, { kind: "walk", scope: tree.scope() });
  for (const [from, to] of batches) hashFiles(nodeDisk, { kind: "hash", scope: tree.scope(), draft, from, to }, Date.now);
  return draft;
}

/** One integrity round without a network; returns the files that differed. */
async function round(master: NodeTree, worker: NodeTree): Promise<{ isInStep: boolean; problems: number }> {
  const index = indexOf(worker);
  await packIndex(nodeDisk, { kind: "packIndex", scope: worker.scope(), index, destination: worker.at(ARCHIVE) });
  renameSync(worker.at(ARCHIVE), master.at(ARCHIVE));
  const read = await readIndex(nodeDisk, { kind: "readIndex", scope: master.scope(), archive: master.at(ARCHIVE) });
  expect([...new FileIndex(read.index).entries()].map(({ path, hash }) => [path, hash])).toEqual([...new FileIndex(index).entries()].map(({ path, hash }) => [path, hash]));
  const { difference } = compare({ kind: "compare", scope: master.scope(), own: indexOf(master), peer: read.index });
  if (isEmptyDifference(decodeDifference(difference))) return { isInStep: true, problems: 0 };
  await packDifference(nodeDisk, { kind: "packDifference", scope: master.scope(), difference, workerName: "worker1", destination: master.at(ARCHIVE) });
  renameSync(master.at(ARCHIVE), worker.at(ARCHIVE));
  const folder = `${worker.at(ARCHIVE)}dir`;
  await unpack(nodeDisk, { kind: "unpack", scope: worker.scope(), archive: worker.at(ARCHIVE), folder });
  const applied = apply(nodeDisk, { kind: "apply", scope: worker.scope(), folder });
  expect(worker.paths("queue/cluster/worker1")).toEqual([]);
  expect(master.paths("queue/cluster/worker1")).toEqual([]);
  return { isInStep: false, problems: applied.problems.length };
}

const name = fc.oneof(
  fc.constantFrom("a", "b", "ü", "a b", "x.merged", "__proto__", "constructor", "1", "line\nbreak"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !/[/\\\0]|^\.\.?$|~$|\.(tmp|lock|swp)$/.test(text) && !["ar.conf", "ossec.conf"].includes(text)),
);
const path = fc
  .tuple(fc.constantFrom("etc/rules", "etc/shared", "etc/lists"), fc.array(name, { minLength: 1, maxLength: 3 }))
  .map(([item, names]) => [item, ...names].join("/"));
const groupFile = fc.nat({ max: 30 }).map((id) => `queue/agent-groups/${String(id).padStart(3, "0")}`);
const content = fc.oneof(fc.constantFrom("", "x", "y"), fc.string({ maxLength: 50 }));
const files = fc.dictionary(path, content, { maxKeys: 12, noNullPrototype: true });
const groups = fc.dictionary(groupFile, content, { maxKeys: 5, noNullPrototype: true });

/** Writes what can be written: a file where a folder is wanted, or the reverse, is left out. */
function lay(tree: NodeTree, contents: Record<string, string>): void {
  for (const [file, text] of Object.entries(contents)) {
    try {
      tree.write(file, text, { modTime: text.length * 1e8 });
    } catch {
      // Another file of the same set stands in the way.
    }
  }
}

it("any worker's tree becomes the master's in one round, and the next finds them in step", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, groups, async (masterFiles, workerFiles, groupFiles) => {
      const master = new NodeTree("master");
      const worker = new NodeTree("worker1");
      try {
        mkdirSync(master.at("queue/cluster/worker1"));
        lay(master, { ...masterFiles, ...groupFiles });
        // Group files that only the worker has are not the master's to delete: they are left out here.
        lay(worker, { ...workerFiles, ...Object.fromEntries(Object.keys(groupFiles).slice(1).map((file) => [file, "other"])) });
        expect((await round(master, worker)).problems).toBe(0);
        expect(await round(master, worker)).toEqual({ isInStep: true, problems: 0 });
        expect(worker.contents()).toEqual(master.contents());
      } finally {
        master.remove();
        worker.remove();
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
