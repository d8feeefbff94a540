import { access, mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";

describe("changes after the first synchronisation", () => {
  let cluster: TestCluster;
  let master: TestNode;
  let worker: TestNode;
  const inWorker = (path: string): string => join(worker.root, path);

  beforeAll(async () => {
    cluster = await TestCluster.create();
    ({ master, worker } = cluster);
    await master.write({
      "etc/rules/changed.xml": "one",
      "etc/rules/deleted.xml": "one",
      "etc/rules/swap": "a file",
      "etc/decoders/folder/inner.xml": "in a folder",
      "etc/decoders/folder/deeper/inner.xml": "in a deeper folder",
      "etc/shared/gone/deep/agent.conf": "goes with its folders",
      "etc/shared/default/agent.conf": "stays",
      "etc/lists/sub/list": "goes without its folder",
      "var/multigroups/a1b2c3d4/merged.mg": "merged",
    });
    await cluster.start();
    await cluster.inStep();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test("a new, a changed and a deleted file arrive in one round", async () => {
    const from = worker.process.logs.length;
    await master.write({
      "etc/rules/changed.xml": "two",
      "etc/rules/new.xml": "new",
      "etc/client.keys": { content: "001 a any 0\n", mode: 0o640 },
    });
    await master.remove("etc/rules/deleted.xml");
    await cluster.inStep();
    expect(await worker.read("etc/rules/changed.xml")).toBe("two");
    const changes = worker.process.logs
      .slice(from)
      .map(({ message }) => message)
      .filter((text) => text.startsWith("Files to create"));
    expect(changes.length).toBeLessThanOrEqual(2);
  });

  test("what a worker changes, makes or deletes of its own is set right again", async () => {
    await worker.write({ "etc/rules/changed.xml": "by the worker", "etc/lists/own": "by the worker" });
    await worker.remove("etc/rules/new.xml");
    await cluster.inStep();
    expect(await worker.read("etc/rules/changed.xml")).toBe("two");
    await expect(access(inWorker("etc/lists/own"))).rejects.toThrow("ENOENT");
  });

  test("a file becomes a folder, and a folder with folders in it becomes a file", async () => {
    await master.remove("etc/rules/swap", "etc/decoders/folder");
    await master.write({ "etc/rules/swap/a/b.xml": "a folder now", "etc/decoders/folder": "a file now" });
    await cluster.inStep();
    expect(await worker.read("etc/rules/swap/a/b.xml")).toBe("a folder now");
    expect(await worker.read("etc/decoders/folder")).toBe("a file now");
  });

  test("the same swap back", async () => {
    await master.remove("etc/rules/swap", "etc/decoders/folder");
    await master.write({ "etc/rules/swap": "a file again", "etc/decoders/folder/deeper/inner.xml": "a folder again" });
    await cluster.inStep();
    expect(await worker.read("etc/rules/swap")).toBe("a file again");
  });

  test("a renamed folder moves", async () => {
    await rename(join(master.root, "etc/decoders/folder"), join(master.root, "etc/decoders/moved here"));
    await cluster.inStep();
    expect(await worker.read("etc/decoders/moved here/deeper/inner.xml")).toBe("a folder again");
  });

  test("a folder of etc/shared goes when it is emptied, also when only excluded files are left in it", async () => {
    await worker.write({ "etc/shared/gone/deep/left.tmp": "excluded", "etc/shared/gone/ar.conf": "excluded" });
    await master.remove("etc/shared/gone");
    await cluster.inStep();
    await expect(access(inWorker("etc/shared/gone"))).rejects.toThrow("ENOENT");
    await access(inWorker("etc/shared/default/agent.conf"));
  });

  test("an emptied folder of var/multigroups goes, one of etc/lists stays", async () => {
    await master.remove("var/multigroups/a1b2c3d4", "etc/lists/sub/list");
    await cluster.inStep();
    await expect(access(inWorker("var/multigroups/a1b2c3d4"))).rejects.toThrow("ENOENT");
    await access(inWorker("etc/lists/sub"));
  });

  test("a link in the worker's tree is not followed: nothing is written through it", async () => {
    const outside = join(worker.root, "outside");
    await mkdir(outside);
    await worker.write({ "outside/target": "untouched" });
    await symlink(outside, inWorker("etc/rules/linked"));
    await symlink(join(outside, "target"), inWorker("etc/rules/link.xml"));
    await master.write({
      "etc/rules/linked/target": "through a folder",
      "etc/rules/link.xml": "in place of a link",
      "etc/rules/after.xml": "the rest",
    });
    await expect.poll(() => worker.read("etc/rules/after.xml").catch(() => ""), { timeout: 20_000 }).toBe("the rest");
    await expect.poll(() => worker.read("etc/rules/link.xml"), { timeout: 20_000 }).toBe("in place of a link");
    expect(await worker.read("outside/target")).toBe("untouched");
    await worker.remove("etc/rules/linked");
    await cluster.inStep();
    expect(await worker.read("outside/target")).toBe("untouched");
  });

  test("files that change all the time cost nobody else: others arrive, and the end is equal", async () => {
    for (let turn = 0; turn < 40; turn += 1) {
      await master.write({
        "etc/lists/busy": `turn ${turn} `.repeat(turn * 50),
        [`etc/lists/quiet ${turn}`]: String(turn),
      });
      if (turn % 10 === 9) await worker.process.waitForLog("Finished in", { from: worker.process.logs.length });
    }
    await cluster.settled();
  });
});
