import { stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogLine } from "../../support/processes.js";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const keysOf = (...ids: readonly string[]): { content: string; mode: number } => ({
  content: ids.map((id) => `${id} agent${id} any ${id}key\n`).join(""),
  mode: 0o640,
});

describe("group files", () => {
  let cluster: TestCluster;
  let master: TestNode;
  let worker: TestNode;

  beforeAll(async () => {
    cluster = await TestCluster.create();
    ({ master, worker } = cluster);
    await master.write({
      "etc/client.keys": keysOf("001", "002", "003", "004", "005"),
      "queue/agent-groups/002": "default",
    });
    await worker.write({ "queue/agent-groups/001": "web,db", "queue/agent-groups/003": "" });
    await cluster.start();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  const arrives = async (node: TestNode, path: string, content: string): Promise<void> => {
    await expect.poll(() => node.read(path).catch(() => undefined), { timeout: 20_000, interval: 50 }).toBe(content);
  };
  const reports = (from: number): LogLine[] =>
    master.process.logs.slice(from).filter(({ message }) => message.includes("does not know"));

  test("a worker's files of known agents reach the master, with their times and the item's mode", async () => {
    await arrives(master, "queue/agent-groups/001", "web,db");
    await arrives(master, "queue/agent-groups/003", "");
    await cluster.settled();
    const [sent, taken] = await Promise.all(
      [worker, master].map(({ root }) => stat(join(root, "queue/agent-groups/001"))),
    );
    expect((taken?.mode ?? 0) & 0o7777).toBe(0o660);
    expect(Math.trunc((taken?.mtimeMs ?? 0) / 1000)).toBe(Math.trunc((sent?.mtimeMs ?? 0) / 1000));
  });

  test("the master's files reach the worker", async () => {
    await arrives(worker, "queue/agent-groups/002", "default");
  });

  test("files that both have travel merged, and the master's win", async () => {
    const peer = await cluster.join({ name: "reader" });
    peer.files.set("queue/agent-groups/001", Buffer.from("old"));
    peer.files.set("queue/agent-groups/002", Buffer.from("old"));
    const verdict = await peer.sync();
    peer.link.close();
    if (verdict === "refused" || verdict.kind !== "files") throw new Error("no files came");
    const merged = "queue/cluster/reader/agent-groups-shared.merged";
    expect(verdict.difference.shared).toEqual({
      [merged]: { cluster_item_key: "queue/agent-groups/", merged: true, "merge-type": "agent-groups" },
    });
    const sent = [...verdict.entries.keys()].filter((path) => path.startsWith("queue/"));
    expect(sent.sort()).toEqual(["queue/agent-groups/003", merged]);
    expect(peer.files.get("queue/agent-groups/001")?.toString()).toBe("web,db");
    expect(peer.files.get("queue/agent-groups/002")?.toString()).toBe("default");
  });

  test("a change on the master reaches a worker of muster's own, merged", async () => {
    await master.write({ "queue/agent-groups/001": "changed", "queue/agent-groups/002": "changed, too" });
    await cluster.inStep();
    expect(await worker.read("queue/agent-groups/001")).toBe("changed");
    expect(await worker.read("queue/agent-groups/002")).toBe("changed, too");
  });

  test("a file of an unknown agent is reported once; later rounds find nothing to do, and other files travel", async () => {
    const from = master.process.logs.length;
    await worker.write({ "queue/agent-groups/900": "lost" });
    await waitUntil(() => reports(from).length > 0);
    await worker.inStep();
    const quiet = master.process.logs.length;
    await worker.inStep();
    await worker.inStep();
    expect(master.process.logs.slice(quiet).filter(({ message }) => message.includes("Sync required"))).toEqual([]);
    await worker.write({ "queue/agent-groups/004": "found" });
    await arrives(master, "queue/agent-groups/004", "found");
    await worker.inStep();
    expect(reports(from)).toHaveLength(1);
    expect(await worker.read("queue/agent-groups/900")).toBe("lost");
    await expect(master.read("queue/agent-groups/900")).rejects.toThrow("ENOENT");
  });

  test("it is reported again when it changes, also after the worker has come back", async () => {
    const from = master.process.logs.length;
    await worker.stop();
    worker.start();
    await worker.inStep();
    await worker.inStep();
    expect(reports(from)).toEqual([]);
    await worker.write({ "queue/agent-groups/900": "lost again" });
    await waitUntil(() => reports(from).length > 0);
    await worker.inStep();
    expect(reports(from)).toHaveLength(1);
  });

  test("it is taken once its agent is registered", async () => {
    await master.write({ "etc/client.keys": keysOf("001", "002", "003", "004", "005", "900") });
    await arrives(master, "queue/agent-groups/900", "lost again");
    await cluster.settled();
  });

  test("a part older than the master's own file is not taken", async () => {
    const peer = await cluster.join({ name: "late" });
    for (const path of Object.keys(await master.tree())) peer.files.set(path, Buffer.from(await master.read(path)));
    peer.files.set("queue/agent-groups/005", Buffer.from("old"));
    const verdict = await peer.check();
    if (verdict === "refused" || verdict.kind !== "files") throw new Error("the group file was not asked for");
    expect(Object.keys(verdict.difference.extra_valid)).toEqual(["queue/agent-groups/005"]);
    await master.write({ "queue/agent-groups/005": "new" });
    expect(await peer.sendGroups(["queue/agent-groups/005"], "2001-01-01 00:00:00")).toBe(true);
    await waitUntil(async () => (await cluster.health()).nodes["late"]?.status.sync_extravalid_free);
    expect(await master.read("queue/agent-groups/005")).toBe("new");
    peer.link.close();
  });

  test("parts that were not asked for, and names that are no agent's id, are not taken", async () => {
    const peer = await cluster.join({ name: "pushy" });
    await master.write({ "queue/agent-groups/005": { content: "the master's", modTime: 1_000_000_000 } });
    await utimes(join(master.root, "queue/agent-groups"), new Date(), new Date());
    const names = [
      "queue/agent-groups/005",
      "queue/agent-groups/../../etc/rules/evil.xml",
      "queue/agent-groups/../agent-groups/005",
    ];
    for (const name of names) {
      peer.files.set(name, Buffer.from("evil"));
      await peer.sendGroups([name]).catch(() => undefined);
      await waitUntil(async () => (await cluster.health()).nodes["pushy"]?.status.sync_extravalid_free);
      expect(await master.read("queue/agent-groups/005"), name).toBe("the master's");
      await expect(master.read("etc/rules/evil.xml")).rejects.toThrow("ENOENT");
    }
    peer.link.close();
  });
});
