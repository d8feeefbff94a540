import { readdir, stat } from "node:fs/promises";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { metadataOf } from "../../support/peer/peerFiles.js";
import { mergeParts } from "../../support/peer/mergedParts.js";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const HUGE = 4_000_000_000;

/** A frame's header and what follows it, as they come. */
function frame(command: string, announced: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20, "-");
  header.writeUInt32BE(7, 0);
  header.writeUInt32BE(announced, 4);
  header.write(`${command} `, 8);
  return Buffer.concat([header, body]);
}

/** What a peer with the cluster's key, or none, may try; each time the master goes on with its honest worker. */
describe("a peer that means no good", () => {
  let cluster: TestCluster;
  let master: TestNode;

  beforeAll(async () => {
    cluster = await TestCluster.create();
    ({ master } = cluster);
    await master.write({ "etc/rules/a.xml": "a", "etc/client.keys": { content: "001 a any 0\n", mode: 0o640 } });
    await cluster.start();
    await cluster.inStep();
  });
  afterEach(async () => {
    await cluster.disconnect();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  const goesOn = async (): Promise<void> => {
    expect(master.process.end).toBeUndefined();
    await cluster.worker.inStep();
    expect(cluster.worker.process.logs.some(({ message }) => message.includes("lost"))).toBe(false);
  };
  const rawSocket = async (address: string): Promise<Socket> => {
    const socket = connect({ host: "127.0.0.1", port: cluster.port, localAddress: address });
    await once(socket, "connect");
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const isClosed = async (socket: Socket): Promise<void> => {
    socket.resume();
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once("close", () => resolve());
    });
  };
  test.each([
    ["a header that announces 4,000,000,000 bytes", frame("hello", HUGE)],
    ["a frame above 64 KiB", frame("hello", 70_000, Buffer.alloc(70_000, "A"))],
    [
      "parts of a divided message without end",
      Buffer.concat(
        Array.from({ length: 40 }, () => {
          const part = frame("hello", 10_000, Buffer.alloc(10_000, "A"));
          part[19] = 0x64;
          return part;
        }),
      ),
    ],
    ["an empty body", frame("hello", 0)],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: muster\r\n\r\n".repeat(5))],
  ])("is closed when it sends %s before its hello", async (_, bytes) => {
    const socket = await rawSocket("127.0.0.9");
    socket.write(bytes);
    await isClosed(socket);
    await goesOn();
  });

  test("keeps no honest worker out by 300 connections that say nothing", async () => {
    const silent = await Promise.all(Array.from({ length: 300 }, () => rawSocket("127.0.0.10")));
    for (const socket of silent) socket.resume();
    const late = await cluster.join({ name: "late", address: "127.0.0.10" });
    expect((await late.link.ask("echo", "x")).toString()).toBe("x");
    await waitUntil(() => silent.filter((socket) => !socket.destroyed).length <= 128);
    for (const socket of silent) socket.destroy();
    await goesOn();
  });

  test.each([
    "/queue/cluster/w1/stolen.zip",
    "/queue/cluster/hostile/../w1/stolen.zip",
    "/queue/cluster/hostile/../../../etc/rules/stolen.zip",
    "/etc/rules/stolen.zip",
    "/../stolen.zip",
    "/queue/cluster/hostile/deeper/stolen.zip",
    "/queue/cluster/hostile/",
    "/queue/cluster/hostile",
    "/queue/cluster/c-internal.sock",
    "/queue/cluster/hostile/c\u0000.zip",
    "/queue\\cluster\\hostile\\..\\stolen.zip",
    "queue/cluster/hostile/stolen.zip/..",
  ])("can't write to %s", async (path) => {
    const peer = await cluster.join({ name: "hostile" });
    const before = [
      ...(await readdir(join(master.root, "etc/rules"))),
      ...(await readdir(join(master.root, "queue/cluster/w1"))),
    ];
    expect((await peer.link.exchange("new_file", path)).command).toBe("err");
    expect((await peer.link.exchange("file_upd", `${path} evil`)).command).toBe("err");
    const after = [
      ...(await readdir(join(master.root, "etc/rules"))),
      ...(await readdir(join(master.root, "queue/cluster/w1"))),
    ];
    expect(after.filter((name) => name.startsWith("stolen"))).toEqual([]);
    expect(before).toContain("a.xml");
  });

  test.each(["syn_i_w_m", "syn_e_w_m"])(
    "can't have a file that it has not sent read or removed by %s_e",
    async (command) => {
      const peer = await cluster.join({ name: "hostile" });
      const task = (await peer.link.ask(command)).toString();
      for (const id of [task, "00000000-0000-4000-8000-000000000000"]) {
        for (const path of [
          "etc/ossec.conf",
          "etc/client.keys",
          "../outside",
          "queue/cluster/hostile/../../../etc/client.keys",
        ]) {
          expect((await peer.link.exchange(`${command}_e`, `${id} ${path}`)).command, path).toBe("err");
        }
      }
      expect(await master.read("etc/client.keys")).toBe("001 a any 0\n");
      expect(await master.read("etc/ossec.conf")).toContain("<cluster>");
    },
  );

  test("can't open a second task beside a first one, and frees the process by its error", async () => {
    const peer = await cluster.join({ name: "hostile" });
    const task = (await peer.link.ask("syn_i_w_m")).toString();
    expect((await peer.link.ask("syn_i_w_m_p")).toString()).toBe("False");
    expect((await peer.link.exchange("syn_i_w_m")).command).toBe("err");
    expect((await peer.link.ask("syn_i_w_m_r", `${task} {"__wazuh_exception__": {}}`)).toString()).toBe(
      "Error received",
    );
    expect((await peer.link.ask("syn_i_w_m_p")).toString()).toBe("True");
  });

  test("leaves nothing behind when it goes in the middle of a file", async () => {
    const peer = await cluster.join({ name: "hostile" });
    await peer.link.ask("syn_i_w_m");
    await peer.link.ask("new_file", `/${peer.transferPath()}`);
    const path = peer.transferPath();
    await peer.link.sendFile(path, Buffer.alloc(100_000));
    expect((await stat(join(master.root, path))).size).toBe(100_000);
    await cluster.disconnect();
    await waitUntil(async () => (await readdir(join(master.root, "queue/cluster/hostile"))).length === 0);
  });

  const index = (text: string): Map<string, Uint8Array> => new Map([["files_metadata.json", Buffer.from(text)]]);
  const good = JSON.stringify(metadataOf("etc/rules/a.xml", Buffer.from("a")));
  test.each([
    ["no JSON", index("{")],
    ["a list", index("[1, 2]")],
    ["a number for a file", index('{"etc/rules/a.xml": 5}')],
    ["an unknown item", index(`{"etc/rules/a.xml": ${good.replace("etc/rules/", "etc/nowhere/")}}`)],
    ["a prototype's name for an item", index(`{"etc/rules/a.xml": ${good.replace("etc/rules/", "__proto__")}}`)],
    ["a path that leaves the root", index(`{"../../etc/passwd": ${good}}`)],
    ["no metadata", new Map([["other", Buffer.from("x")]])],
    ["nothing", new Map<string, Uint8Array>()],
  ])("is told of an index with %s, and the process is free", async (_, entries) => {
    const peer = await cluster.join({ name: "hostile" });
    await peer.push("syn_i_w_m", entries);
    const told = (): boolean =>
      peer.link.seen.some(
        ({ command }) => command === "syn_m_c_r" || command === "syn_m_c_ok" || command === "syn_m_c_e",
      );
    await waitUntil(told);
    await waitUntil(async () => (await peer.link.ask("syn_i_w_m_p")).toString() === "True");
    peer.files.set("etc/rules/a.xml", Buffer.from("a"));
    peer.files.set("etc/client.keys", Buffer.from("001 a any 0\n"));
    await waitUntil(async () => (await readdir(join(master.root, "queue/cluster/hostile"))).length === 0);
    await goesOn();
  });

  test("can't bring a client.keys by the extra-valid process", async () => {
    const peer = await cluster.join({ name: "hostile" });
    const metadata = { "etc/client.keys": { ...metadataOf("etc/client.keys", Buffer.alloc(0)), merged: false } };
    await peer.push(
      "syn_e_w_m",
      new Map([["etc/client.keys", Buffer.from("002 b any 0\n")], ...index(JSON.stringify(metadata))]),
    );
    await waitUntil(() => peer.link.seen.some(({ payload }) => payload.includes('"code": 3007')));
    await waitUntil(async () => (await peer.link.ask("syn_e_w_m_p")).toString() === "True");
    expect(await master.read("etc/client.keys")).toBe("001 a any 0\n");
  });

  test("can't make the master take a merged file's odd parts", async () => {
    const peer = await cluster.join({ name: "hostile" });
    const path = "queue/cluster/hostile/agent-groups.merged";
    const metadata = JSON.stringify({
      [path]: { merged: true, merge_type: "agent-groups", merge_name: path, cluster_item_key: "queue/agent-groups/" },
    });
    const parts = mergeParts([
      { name: "../../etc/rules/evil.xml", content: "evil", when: "2031-01-01 00:00:00" },
      { name: "001/../../../etc/rules/evil.xml", content: "evil", when: "2031-01-01 00:00:00" },
    ]);
    for (const merged of [parts, Buffer.from("99999999999 001 2031-01-01 00:00:00\nx"), Buffer.from("no header")]) {
      await peer.push("syn_e_w_m", new Map([[path, merged], ...index(metadata)]));
      await waitUntil(async () => (await peer.link.ask("syn_e_w_m_p")).toString() === "True");
    }
    expect(await readdir(join(master.root, "etc/rules"))).toEqual(["a.xml"]);
    await goesOn();
  });

  test.each([
    ["dapi", "nospace"],
    ["sendsync", "nospace"],
    ["dapi_res", "x"],
    ["syn_a_w_m", ""],
    ["syn_i_w_m_e", "noid"],
    ["syn_i_w_m_r", "noid"],
    ["file_end", "x"],
    ["new_str", "minus one"],
    ["new_str", "99999999999999"],
    ["str_upd", "1 x"],
    ["get_nodes", "{"],
    ["get_health", "{"],
    ["get_nodes", '{"filter_node": {"__proto__": 1}, "limit": "x"}'],
    ["hello", "only-a-name"],
  ])("is answered %s %j with an error, and nothing ends", async (command, payload) => {
    const peer = await cluster.join({ name: "hostile" });
    expect((await peer.link.exchange(command, payload)).command).toBe("err");
    expect((await peer.link.ask("echo", "on")).toString()).toBe("on");
    expect(master.process.end).toBeUndefined();
  });
});
