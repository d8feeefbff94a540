import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasOpenssl, makeAuthority, makeCertificate } from "../../support/certificates.js";
import { runCommand } from "../../support/processes.js";
import { TEST_KEY, TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const TLS = "tls: {enabled: true, ca: etc/tls/ca.pem, certificate: etc/tls/node.pem, key: etc/tls/node.key, masterName: m1}\n";
const TIMEOUT = 30_000;
const canTest = await hasOpenssl();
if (!canTest) process.stdout.write("Skipped, for lack of the program openssl: keys and TLS of a running cluster.\n");

/** One cluster of three with TLS, whose key and certificates change while it runs. */
describe.skipIf(!canTest)("a running cluster of three", () => {
  let cluster: TestCluster;
  let authority: string;
  let nodes: readonly TestNode[];

  /** Puts a certificate for `name` where a node looks for its own. */
  async function giveCertificate(node: TestNode, name: string, serial: string): Promise<void> {
    await makeCertificate(authority, `${node.name}-${serial}`, name);
    for (const [file, as] of [["ca.pem", "ca.pem"], [`${node.name}-${serial}.pem`, "node.pem"], [`${node.name}-${serial}.key`, "node.key"]] as const) {
      await node.write({ [`etc/tls/${as}`]: { content: await readFile(join(authority, file)), mode: 0o640 } });
    }
  }

  /** A file that changes on the master is on all workers, so that a round has passed over every link. */
  async function round(content: string): Promise<void> {
    await cluster.master.write({ "etc/lists/changing": content });
    for (const worker of cluster.workers) {
      await waitUntil(async () => (await worker.read("etc/lists/changing").catch(() => "")) === content, TIMEOUT, `${content} on ${worker.name}`);
    }
  }

  const troubles = (): string[] =>
    nodes.flatMap(({ name, process }) => process.logs.filter(({ level }) => level === "error" || level === "warning").map(({ message }) => `${name}: ${message}`));

  beforeAll(async () => {
    authority = await mkdtemp(join(tmpdir(), "muster-authority-"));
    await makeAuthority(authority);
    cluster = await TestCluster.create({ workers: ["w1", "w2"] });
    nodes = [cluster.master, ...cluster.workers];
    for (const node of nodes) {
      await node.write({ "etc/muster.yaml": TLS });
      await giveCertificate(node, node.name, "first");
    }
    await cluster.start();
    await round("begun");
  }, 180_000);
  afterAll(async () => {
    await cluster?.dispose();
    await rm(authority, { recursive: true, force: true });
  });

  test("changes its key step by step without a lost round", async () => {
    const rotate = async (node: TestNode, ...args: string[]) => await runCommand(["key", "rotate", "--root", node.root, ...args]);
    const [w1, w2] = cluster.workers as [TestNode, TestNode];
    const keyFile = join(cluster.master.root, "etc/cluster.keys");
    const copy = join(authority, "copy.keys");

    expect(await rotate(w1)).toMatchObject({ status: 1, output: expect.stringContaining("no change is going on") });
    expect(await rotate(cluster.master)).toMatchObject({ status: 0, output: expect.stringContaining("accepts a new key") });
    await round("accepted");
    expect(await rotate(cluster.master)).toMatchObject({ status: 1, output: expect.stringContaining("w1, w2 still send") });
    await copyFile(keyFile, copy);
    for (const worker of [w1, w2]) {
      expect(await rotate(worker, "--from", copy)).toMatchObject({ status: 0, output: expect.stringContaining("which the master has answered") });
    }
    await round("workers send with it");
    expect(await rotate(w1)).toMatchObject({ status: 1, output: expect.stringContaining("the master still sends with the old key") });
    expect(await rotate(cluster.master)).toMatchObject({ status: 0, output: expect.stringContaining("sends with the new key") });
    await round("the master sends with it");
    for (const worker of [w1, w2]) expect(await rotate(worker)).toMatchObject({ status: 0, output: expect.stringContaining("the new key only") });
    expect(await rotate(cluster.master)).toMatchObject({ status: 0, output: expect.stringContaining("the change is done") });
    await round("the old key is gone");

    const texts = await Promise.all(nodes.map(async (node) => await node.read("etc/cluster.keys")));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).not.toContain(TEST_KEY);
    expect(troubles()).toEqual([]);
    const printed = nodes.flatMap(({ process }) => process.printed).join("\n");
    expect(printed).not.toContain(texts[0]?.trim().split("\n").at(-1));
  }, 240_000);

  test("changes its certificates at SIGHUP, and keeps the links that are open", async () => {
    for (const node of nodes) {
      await giveCertificate(node, node.name, "second");
      const from = node.process.logs.length;
      node.process.signal("SIGHUP");
      await node.process.waitForLog("New certificates", { from, timeout: TIMEOUT });
    }
    await round("new certificates");
    expect(troubles()).toEqual([]);
  }, 180_000);

  test("refuses a worker whose certificate bears another name; both sides say so", async () => {
    const [w1] = cluster.workers as [TestNode, TestNode];
    await w1.stop();
    await giveCertificate(w1, "w2", "wrong");
    const from = cluster.master.process.logs.length;
    w1.start();
    const text = "the certificate of node w1 names w2";
    await cluster.master.process.waitForLog(text, { from, timeout: TIMEOUT });
    await w1.process.waitForLog(text, { timeout: TIMEOUT });
  }, 120_000);

  test("refuses a worker without a certificate of the authority", async () => {
    const [, w2] = cluster.workers as [TestNode, TestNode];
    await w2.stop();
    await w2.write({ "etc/muster.yaml": "" });
    const from = cluster.master.process.logs.length;
    w2.start();
    await cluster.master.process.waitForLog("No TLS with 127.0.0.1", { from, timeout: TIMEOUT });
  }, 120_000);
});
