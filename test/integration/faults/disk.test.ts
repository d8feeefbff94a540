import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, type TestContext } from "vitest";
import { TemporaryMount } from "../../support/TemporaryMount.js";
import { TestCluster } from "../../support/TestCluster.js";

const run = promisify(execFile);

describe("a disk that fails", () => {
  let cluster: TestCluster;
  const mounts: TemporaryMount[] = [];

  beforeEach(async () => {
    cluster = await TestCluster.create();
    await cluster.master.write({ "etc/rules/first.xml": "first" });
  });
  afterEach(async () => {
    for (const node of [cluster.master, cluster.worker]) await node.kill().catch(() => undefined);
    for (const mount of mounts.splice(0)) await mount.end();
    await cluster.dispose();
  });

  /** Mounts a small file system below a node's root, or skips the test and prints why. */
  const mount = async (context: TestContext, folder: string, settings: string): Promise<TemporaryMount> => {
    await mkdir(folder, { recursive: true });
    const made = await TemporaryMount.make(folder, settings);
    if (typeof made !== "string") {
      mounts.push(made);
      return made;
    }
    console.log(`skipped "${context.task.name}": ${made}`);
    return context.skip(made);
  };

  test("full on the worker as files arrive: told, free again, and in step once there is room", async (context) => {
    const room = await mount(context, join(cluster.worker.root, "queue/cluster"), "size=2m");
    await cluster.start();
    await cluster.inStep();
    const [fromWorker, fromMaster] = [cluster.worker.process.logs.length, cluster.master.process.logs.length];
    await cluster.master.write({ "etc/lists/large": randomBytes(8 * 1024 * 1024), "etc/rules/small.xml": "small" });
    await cluster.master.process.waitForLog(({ level }) => level === "error", { from: fromMaster });
    await cluster.worker.process.waitForLog(({ level }) => level === "error", { from: fromWorker });
    expect(cluster.worker.process.end).toBeUndefined();
    await room.change("size=64m");
    await cluster.settled();
  });

  test("full on the worker in one target folder: that file is told, the rest is applied", async (context) => {
    const lists = join(cluster.worker.root, "etc/lists");
    const room = await mount(context, lists, "size=1m");
    await cluster.start();
    await cluster.inStep();
    const from = cluster.worker.process.logs.length;
    await cluster.master.write({ "etc/lists/large": randomBytes(4 * 1024 * 1024), "etc/rules/small.xml": "small" });
    await cluster.worker.process.waitForLog(/etc\/lists\/large.*ENOSPC/, { from });
    await expect
      .poll(() => cluster.worker.read("etc/rules/small.xml").catch(() => ""), { timeout: 20_000 })
      .toBe("small");
    await room.change("size=64m");
    await cluster.settled();
  });

  test("full on the master as it packs: told, free again, and its workers are in step once there is room", async (context) => {
    const room = await mount(context, join(cluster.master.root, "queue/cluster"), "size=2m");
    await cluster.start();
    await cluster.inStep();
    const from = cluster.master.process.logs.length;
    await cluster.master.write({ "etc/lists/large": randomBytes(8 * 1024 * 1024) });
    await cluster.master.process.waitForLog(({ level }) => level === "error", { from });
    await room.change("size=64m");
    await cluster.settled();
  });

  test("full on a node's log: nothing else suffers", async (context) => {
    const room = await mount(context, join(cluster.worker.root, "logs"), "size=4k");
    await cluster.start();
    await cluster.worker.process.waitForLog("can't be written");
    await cluster.master.write({ "etc/rules/second.xml": "second" });
    await cluster.inStep();
    await room.change("size=1m");
    await cluster.worker.process.waitForLog(/log lines were lost/);
  });

  test("read-only in one target folder: its files are told, the rest is applied", async (context) => {
    await mount(context, join(cluster.worker.root, "etc/lists"), "ro");
    await cluster.start();
    await cluster.inStep();
    const from = cluster.worker.process.logs.length;
    await cluster.master.write({ "etc/lists/a": "a", "etc/lists/deep/b": "b", "etc/rules/c.xml": "c" });
    await cluster.worker.process.waitForLog(/etc\/lists\/a.*EROFS/, { from });
    await cluster.worker.process.waitForLog(/etc\/lists\/deep\/b.*EROFS/, { from });
    await expect.poll(() => cluster.worker.read("etc/rules/c.xml").catch(() => ""), { timeout: 20_000 }).toBe("c");
    await mounts.pop()?.end();
    await cluster.settled();
  });

  test("a file that is in no item stands where a folder must be: told, the rest is applied", async () => {
    await cluster.worker.write({ "etc/rules/taken.tmp": "an excluded file" });
    await cluster.start();
    await cluster.inStep();
    const from = cluster.worker.process.logs.length;
    await cluster.master.write({ "etc/rules/taken.tmp/inner.xml": "inner", "etc/rules/other.xml": "other" });
    await cluster.worker.process.waitForLog(/etc\/rules\/taken\.tmp\/inner\.xml/, { from });
    await expect
      .poll(() => cluster.worker.read("etc/rules/other.xml").catch(() => ""), { timeout: 20_000 })
      .toBe("other");
    expect(await cluster.worker.read("etc/rules/taken.tmp")).toBe("an excluded file");
    await cluster.worker.remove("etc/rules/taken.tmp");
    await cluster.settled();
  });

  test("pipes, sockets and links in the tree are left out, and hold nothing up", async () => {
    await mkdir(join(cluster.master.root, "etc/rules"), { recursive: true });
    await run("mkfifo", [join(cluster.master.root, "etc/rules/pipe")]);
    await run("ln", ["-s", "/etc/hostname", join(cluster.master.root, "etc/rules/link")]);
    await run("ln", ["-s", "..", join(cluster.master.root, "etc/rules/loop")]);
    await mkdir(join(cluster.worker.root, "etc/lists"), { recursive: true });
    await run("mkfifo", [join(cluster.worker.root, "etc/lists/pipe")]);
    await cluster.start();
    await cluster.inStep();
    await cluster.master.write({ "etc/rules/second.xml": "second", "etc/lists/pipe": "a file in a pipe's place" });
    await cluster.settled();
    expect(await cluster.worker.read("etc/lists/pipe")).toBe("a file in a pipe's place");
    await expect(cluster.worker.read("etc/rules/link")).rejects.toThrow("ENOENT");
  });
});
