import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../../support/processes.js";
import { TEST_KEY, TestCluster } from "../../support/TestCluster.js";

describe("how a node starts and ends", () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.create();
  });
  afterEach(async () => {
    await cluster?.dispose();
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends both kinds of nodes with status 0", async (signal) => {
    await cluster.start();
    await cluster.worker.inStep();
    for (const { process } of [cluster.worker, cluster.master]) {
      process.signal(signal);
      expect(await process.ended).toEqual({ status: 0, signal: null });
    }
    expect([...(await cluster.master.leftovers()), ...(await cluster.worker.leftovers())]).toEqual([]);
  });

  test("a worker without a master ends with status 0, too", async () => {
    cluster.worker.start();
    await cluster.worker.process.waitForLog("Could not connect to master");
    expect(await cluster.worker.stop()).toEqual({ status: 0, signal: null });
  });

  test("a worker in the middle of a synchronisation ends with status 0 and leaves nothing in queue/cluster", async () => {
    const files = Array.from({ length: 1_000 }, (_, n) => [`etc/lists/${n}`, `list ${n}`] as const);
    await cluster.master.write(Object.fromEntries(files));
    await cluster.start();
    await cluster.worker.process.waitForLog("Starting.", { from: 0 });
    expect((await cluster.worker.stop()).status).toBe(0);
    expect(await cluster.worker.leftovers()).toEqual([]);
    expect((await cluster.master.stop()).status).toBe(0);
    expect(await cluster.master.leftovers()).toEqual([]);
  });

  test("a master that stops lets its workers go at once", async () => {
    await cluster.start();
    await cluster.worker.inStep();
    const from = cluster.worker.process.logs.length;
    expect((await cluster.master.stop()).status).toBe(0);
    await cluster.worker.process.waitForLog("Connection with server has been lost", { from, timeout: 3_000 });
  });

  test("a port in use is one clear line and status 1", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const conf = (await cluster.master.read("etc/ossec.conf")).replace(/<port>\d+/, `<port>${port}`);
    await cluster.master.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
    const started = cluster.master.start();
    const { status } = await started.ended;
    holder.close();
    expect(status).toBe(1);
    const plain = started.printed.filter((line) => !line.startsWith("{"));
    expect(plain).toEqual([expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*in use.*<port>`))]);
  });

  test.each([
    { what: "a key of the wrong length", from: TEST_KEY, to: "tooshort", tells: /key/ },
    {
      what: "a node type that is none",
      from: "<node_type>master",
      to: "<node_type>boss",
      tells: /node_type.*boss|boss.*node_type/,
    },
    { what: "XML that does not end", from: "</cluster>", to: "<", tells: /ossec\.conf/ },
  ])("$what is one clear line and status 1", async ({ from, to, tells }) => {
    const conf = (await cluster.master.read("etc/ossec.conf")).replace(from, to);
    await cluster.master.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
    const { status, output } = await runCommand(["run", "--root", cluster.master.root]);
    expect({ status, lines: output.split("\n").length }).toEqual({ status: 1, lines: 1 });
    expect(output).toMatch(tells);
  });

  test("a cluster.json that is no JSON is one clear line and status 1", async () => {
    await cluster.master.write({ "etc/cluster.json": "{" });
    const { status, output } = await runCommand(["run", "--root", cluster.master.root]);
    expect({ status, lines: output.split("\n").length }).toEqual({ status: 1, lines: 1 });
    expect(output).toContain("cluster.json");
  });

  test("a root without an ossec.conf is one clear line and status 1", async () => {
    await rm(join(cluster.master.root, "etc/ossec.conf"));
    const { status, output } = await runCommand(["run", "--root", cluster.master.root]);
    expect({ status, lines: output.split("\n").length }).toEqual({ status: 1, lines: 1 });
    expect(output).toContain("etc/ossec.conf");
  });

  test("a disabled cluster runs nothing, says so, and ends with status 0", async () => {
    const conf = (await cluster.master.read("etc/ossec.conf")).replace("<disabled>no", "<disabled>yes");
    await cluster.master.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
    const { status, output } = await runCommand(["run", "--root", cluster.master.root]);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("disabled") as string });
  });

  test("an option that does not exist is status 2", async () => {
    expect((await runCommand(["run", "--root", cluster.master.root, "--nonsense"])).status).toBe(2);
  });

  test("the cluster's key stands in no line and no file of the log", async () => {
    await cluster.start();
    await cluster.worker.inStep();
    for (const node of [cluster.master, cluster.worker]) {
      await node.stop();
      expect(node.process.printed.join("\n")).not.toContain(TEST_KEY);
      expect(await node.read("logs/cluster.log")).not.toContain(TEST_KEY);
    }
  });

  test("a key's file that others can read is warned about", async () => {
    await cluster.master.write({
      "etc/ossec.conf": { content: await cluster.master.read("etc/ossec.conf"), mode: 0o644 },
    });
    await cluster.startMaster();
    await cluster.master.process.waitForLog((line) => line.level === "warning" && line.message.includes("ossec.conf"));
  });
});
