import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PeerRefusal } from "../../support/peer/PeerLink.js";
import type { RawWorker } from "../../support/peer/RawWorker.js";
import { TEST_CLUSTER, TestCluster } from "../../support/TestCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

const OTHER_KEY = "vutsrqponmlkjihgfedcba9876543210";
/** Slow keepalives: a dead worker is to be found by the probe, not by its silence. */
const PATIENT = {
  intervals: {
    worker: { sync_integrity: 0.3, sync_agent_info: 0.3, keep_alive: 1, connection_retry: 0.2 },
    master: { recalculate_integrity: 0.2, check_worker_lastkeepalive: 60, max_allowed_time_without_keepalive: 120 },
    communication: { timeout_cluster_request: 5, timeout_receiving_file: 20 },
  },
};

interface NodesAnswer {
  readonly items: readonly { readonly name: string }[];
  readonly totalItems: number;
}

describe("who may join", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create({ workers: ["w1"], clusterJson: PATIENT });
    await cluster.master.write({
      "etc/rules/a.xml": "a",
      "etc/client.keys": { content: "001 a any 0\n", mode: 0o640 },
    });
    await cluster.startMaster();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  const namesListed = async (asker: RawWorker): Promise<string[]> =>
    ((await asker.askJson("get_nodes", {})) as NodesAnswer).items.map(({ name }) => name);

  const refusal = async (joining: Promise<unknown>): Promise<PeerRefusal> =>
    await joining.then(
      () => {
        throw new Error("it was admitted");
      },
      (error: unknown) => error as PeerRefusal,
    );

  test.each([
    { why: "another cluster's name", settings: { name: "stranger", cluster: "other" }, code: 3030 },
    { why: "another version", settings: { name: "newer", version: "4.4.0" }, code: 3031 },
    { why: "the master's own name", settings: { name: "m1" }, code: 3029 },
  ])("a worker with $why is refused with $code, closed, and not listed", async ({ settings, code }) => {
    const peer = await cluster.connect(settings);
    expect((await refusal(peer.hello())).code).toBe(code);
    await peer.link.closed;
    const asker = await cluster.join({ name: "asker" });
    expect(await namesListed(asker)).toEqual(["m1", "asker"]);
    asker.link.close();
    await asker.link.closed;
  });

  test.each([["../evil"], [".."], ["a/b"], ["x".repeat(129)], ["tab\tname"], ["é"]])(
    "a worker named %j is refused and closed",
    async (name) => {
      const peer = await cluster.connect({ name });
      await refusal(peer.hello());
      await peer.link.closed;
    },
  );

  test("a name in use is refused with 3028 while its holder answers the probe", async () => {
    const holder = await cluster.join({ name: "taken" });
    const newcomer = await cluster.connect({ name: "taken" });
    expect((await refusal(newcomer.hello())).code).toBe(3028);
    await newcomer.link.closed;
    expect(holder.link.seen.map(({ command }) => command)).toEqual(["echo-m"]);
    expect((await holder.link.ask("echo", "still here")).toString()).toBe("still here");
    expect((await namesListed(holder)).filter((name) => name === "taken")).toEqual(["taken"]);
    holder.link.close();
    await holder.link.closed;
  });

  test("a name whose holder does not answer the probe goes to the newcomer", async () => {
    const dead = await cluster.join({
      name: "reborn",
      handle: ({ command }) => (command === "echo-m" ? "nothing" : undefined),
    });
    const newcomer = await cluster.join({ name: "reborn" });
    await dead.link.closed;
    expect((await namesListed(newcomer)).filter((name) => name === "reborn")).toEqual(["reborn"]);
    newcomer.files.set("etc/rules/a.xml", Buffer.from("a"));
    expect(await newcomer.check()).not.toBe("refused");
    newcomer.link.close();
    await newcomer.link.closed;
  });

  test("many newcomers at once for a dead holder's name: one gets it", async () => {
    const dead = await cluster.join({
      name: "fought",
      handle: ({ command }) => (command === "echo-m" ? "nothing" : undefined),
    });
    const newcomers = await Promise.all(Array.from({ length: 5 }, () => cluster.connect({ name: "fought" })));
    const outcomes = await Promise.allSettled(newcomers.map((peer) => peer.hello()));
    await dead.link.closed;
    const [winner, ...others] = newcomers.filter((_, n) => outcomes[n]?.status === "fulfilled");
    expect(others).toEqual([]);
    expect(winner === undefined ? [] : await namesListed(winner)).toContain("fought");
    for (const peer of newcomers) peer.link.close();
  });

  test("a name is free at once after its holder has gone", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const peer = await cluster.join({ name: "again" });
      peer.link.close();
      await peer.link.closed;
      await waitUntil(async () => {
        const asker = await cluster.join({ name: "asker" });
        const names = await namesListed(asker);
        asker.link.close();
        return !names.includes("again");
      });
    }
  });

  test.each([
    ["echo", "hi"],
    ["echo-c", "keepalive"],
    ["syn_i_w_m_p", ""],
    ["syn_i_w_m", ""],
    ["new_file", "/queue/cluster/x/x.zip"],
    ["new_str", "10"],
    ["get_nodes", "{}"],
    ["get_health", "null"],
    ["dapi", "1 {}"],
    ["nonsense", ""],
  ])("%s before hello is refused, and the connection closed", async (command, payload) => {
    const peer = await cluster.connect({ name: "hasty" });
    const answer = await peer.link.exchange(command, payload).catch(() => undefined);
    expect(answer?.command ?? "err").toBe("err");
    await peer.link.closed;
  });

  test("a second hello on a connection is refused and takes no other name", async () => {
    const peer = await cluster.join({ name: "first" });
    await expect(peer.link.ask("hello", `second ${TEST_CLUSTER} worker 4.3.0`)).rejects.toThrow("hello");
    expect(await namesListed(peer)).toEqual(["m1", "first"]);
    peer.link.close();
    await peer.link.closed;
  });

  test("an unknown command is answered in the reference's words", async () => {
    const peer = await cluster.join({ name: "curious" });
    expect(await peer.link.exchange("nonsense")).toEqual({
      command: "err",
      payload: Buffer.from("unknown command 'b'nonsense''"),
    });
    peer.link.close();
    await peer.link.closed;
  });

  test("a peer with another key is dropped without an answer; the master tells 3025 once and serves on", async () => {
    const from = cluster.master.process.logs.length;
    const settings = { name: "keyless", key: OTHER_KEY, address: "127.0.0.77" };
    for (let turn = 0; turn < 3; turn += 1) {
      const peer = await cluster.connect(settings);
      await expect(peer.hello()).rejects.toThrow("closed");
    }
    await cluster.master.process.waitForLog(/3025.*127\.0\.0\.77/, { from });
    await (await cluster.join({ name: "good" })).link.ask("echo", "x");
    const tells = (): number =>
      cluster.master.process.logs.slice(from).filter(({ message }) => message.includes("3025")).length;
    expect(tells()).toBe(1);
    await (await cluster.join({ name: "better", address: "127.0.0.77" })).link.ask("echo", "x");
    await expect((await cluster.connect(settings)).hello()).rejects.toThrow("closed");
    await expect.poll(tells, { message: "told anew after that address was well" }).toBe(2);
  });

  test("a worker with another key keeps trying, and joins when its key is set right", async () => {
    const worker = await cluster.addWorker("w-key", { key: OTHER_KEY, clusterJson: PATIENT });
    const from = cluster.master.process.logs.length;
    worker.start();
    await worker.process.waitForLog(/Could not connect to master.*<key>/);
    await worker.process.waitForLog("Could not connect to master", { from: worker.process.logs.length });
    await worker.process.waitForLog("Could not connect to master", { from: worker.process.logs.length });
    const told = cluster.master.process.logs.slice(from).filter(({ message }) => message.includes("3025"));
    expect(told, "the master tells of a wrong key once, not at every attempt").toHaveLength(1);
    expect(cluster.master.process.end).toBeUndefined();
    expect((await worker.stop()).status).toBe(0);
    expect(worker.process.printed.join("\n")).not.toContain(OTHER_KEY);
    const conf = (await worker.read("etc/ossec.conf")).replace(OTHER_KEY, "0123456789abcdefghijklmnopqrstuv");
    await worker.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
    worker.start();
    await worker.process.waitForLog("Successfully connected");
    await worker.stop();
  });

  test("a worker of another cluster keeps trying and says why", async () => {
    const worker = await cluster.addWorker("w-other", { cluster: "elsewhere", clusterJson: PATIENT });
    worker.start();
    await worker.process.waitForLog(/Could not connect to master.*same cluster/);
    await worker.process.waitForLog(/Could not connect to master.*same cluster/, { from: worker.process.logs.length });
    await worker.stop();
  });

  test("a frozen worker's name goes to the one that is started in its place", async () => {
    const { worker } = cluster;
    worker.start();
    await worker.inStep();
    const frozen = worker.process;
    frozen.signal("SIGSTOP");
    const { logs } = cluster.master.process;
    const from = logs.length;
    // On another machine, say: two nodes can't run in one root.
    const successor = await cluster.addWorker(worker.name);
    successor.start();
    await successor.inStep();
    expect(logs.slice(from).some(({ message }) => message.includes("New worker connected"))).toBe(true);
    await frozen.kill();
    expect(cluster.master.process.end).toBeUndefined();
  });
});
