import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apply } from "../../../../src/integrity/apply.js";
import { readIndex } from "../../../../src/integrity/archive/readIndex.js";
import { unpack } from "../../../../src/integrity/archive/unpack.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { applyExtraValid } from "../../../../src/integrity/extraValid/applyExtraValid.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { readRecording } from "../../../support/recordings.js";
import { readTar, type TarEntry } from "../../../support/tar.js";
import { NodeTree } from "../archive/nodeTree.js";

const VECTORS = new URL("../../../fixtures/vectors/4.3-zip/", import.meta.url);

/** The archives that went over the recorded link, in order. */
function recordedArchives(): { sender: string; bytes: Buffer }[] {
  return readRecording("first-sync").frames.flatMap(({ sender, command, payload }) => {
    if (command !== "file_upd" || payload === undefined) return [];
    return [{ sender, bytes: payload.subarray(payload.indexOf(0x20) + 1) }];
  });
}

function recordedTree(name: string): TarEntry[] {
  return readTar(readFileSync(new URL(name, VECTORS)));
}

function layOut(tree: NodeTree, entries: readonly TarEntry[]): void {
  for (const { path, kind, mode, modTime, content } of entries) {
    if (kind === "folder") {
      mkdirSync(tree.at(path), { recursive: true });
      chmodSync(tree.at(path), mode);
    } else {
      tree.write(path, content, { mode, modTime });
    }
  }
}

describe("the archives of a recorded synchronisation", () => {
  const [index, difference, groups] = recordedArchives();
  let worker: NodeTree;
  let master: NodeTree;

  beforeEach(() => {
    worker = new NodeTree("worker1");
    master = new NodeTree("master");
    mkdirSync(master.at("queue/cluster/worker1"), { recursive: true });
  });
  afterEach(() => {
    worker.remove();
    master.remove();
  });

  it("come in the order index, difference, group files", () => {
    expect([index?.sender, difference?.sender, groups?.sender]).toEqual(["worker", "master", "worker"]);
  });

  it("the worker's index is read", async () => {
    const archive = master.at("queue/cluster/worker1/index.zip");
    writeFileSync(archive, index?.bytes ?? "");
    const read = await readIndex(nodeDisk, { kind: "readIndex", scope: master.scope(), archive });
    const entries = [...new FileIndex(read.index).entries()];
    expect(entries.map(({ path }) => path)).toEqual([
      "etc/client.keys",
      "etc/rules/local_rules.xml",
      "etc/rules/stale.xml",
      "etc/shared/oldgroup/agent.conf",
      "queue/agent-groups/001",
      "queue/agent-groups/002",
      "queue/agent-groups/900",
    ]);
    expect(entries[0]).toMatchObject({ modTime: 1637600000, itemKey: "etc/", hash: "a98895a7b0f96f8e659ae91849b8d6ea" });
  });

  it("the master's archive makes the recorded tree after of the recorded tree before", async () => {
    layOut(worker, recordedTree("worker1-before.tar"));
    const archive = worker.at("queue/cluster/worker1/difference.zip");
    writeFileSync(archive, difference?.bytes ?? "");
    await unpack(nodeDisk, { kind: "unpack", scope: worker.scope(), archive, folder: `${archive}dir` });
    const applied = apply(nodeDisk, { kind: "apply", scope: worker.scope(), folder: `${archive}dir` });

    expect(applied.problems).toEqual([]);
    expect(applied).toMatchObject({ deleted: 2, removedAgents: ["004"] });
    expect([...applied.extraValid].sort()).toEqual(["queue/agent-groups/002", "queue/agent-groups/900"]);
    const after = recordedTree("worker1-after.tar");
    const seen = new NodeTree("worker1");
    try {
      layOut(seen, after);
      expect(worker.contents()).toEqual(seen.contents());
      expect(worker.paths()).toEqual(seen.paths());
      for (const { path } of after) expect([path, worker.mode(path).toString(8)]).toEqual([path, seen.mode(path).toString(8)]);
    } finally {
      seen.remove();
    }
  });

  it("the worker's group files make the recorded master's group files", async () => {
    layOut(master, recordedTree("master-before.tar"));
    const archive = master.at("queue/cluster/worker1/groups.zip");
    writeFileSync(archive, groups?.bytes ?? "");
    const applied = await applyExtraValid(nodeDisk, {
      kind: "applyExtraValid",
      scope: master.scope(),
      workerName: "worker1",
      archive,
      asked: ["queue/agent-groups/002", "queue/agent-groups/900"],
    });

    expect(applied).toEqual({ written: 1, older: 0, unknownAgents: ["900"], problems: [] });
    for (const { path, content, mode, modTime } of recordedTree("master-after.tar")) {
      if (!path.startsWith("queue/agent-groups/")) continue;
      expect(master.read(path)).toBe(content.toString("utf8"));
      expect([master.mode(path), master.modTime(path)]).toEqual([mode, modTime]);
    }
    expect(master.has("queue/agent-groups/900")).toBe(false);
  });

  it("every archive of every recording is taken by the side that received it", async () => {
    let taken = 0;
    for (const { sender, bytes } of recordedArchives()) {
      const tree = sender === "worker" ? master : worker;
      const archive = tree.at(`queue/cluster/worker1/${taken}.zip`);
      writeFileSync(archive, bytes);
      const isIndex = sender === "worker" && !bytes.includes("agent-groups.merged");
      if (isIndex) await readIndex(nodeDisk, { kind: "readIndex", scope: tree.scope(), archive });
      else if (sender === "master") await unpack(nodeDisk, { kind: "unpack", scope: tree.scope(), archive, folder: `${archive}dir` });
      else await applyExtraValid(nodeDisk, { kind: "applyExtraValid", scope: tree.scope(), workerName: "worker1", archive, asked: [] });
      taken++;
    }
    expect(taken).toBeGreaterThan(10);
  });
});
