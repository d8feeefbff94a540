import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seal } from "../../support/peer/token.js";
import { TEST_KEY, TestCluster } from "../../support/TestCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

const PER_ADDRESS = 6;
const IN_ALL = 10;

/** Connections that keep a master busy without a hello (quality.md 2; in dialects.md 3.1, pre-auth connections). */
describe("connections without a hello", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create({ workers: [] });
    await cluster.master.write({
      "etc/muster.yaml": `limits: {helloTimeout: 2, ungreetedPerAddress: ${String(PER_ADDRESS)}, ungreetedConnections: ${String(IN_ALL)}}\n`,
    });
    await cluster.startMaster();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  const open = async (address: string): Promise<Socket> => {
    const socket = connect({ host: "127.0.0.1", port: cluster.port, localAddress: address });
    socket.on("error", () => socket.destroy());
    await once(socket, "connect");
    return socket.resume();
  };
  const isClosed = async (socket: Socket): Promise<void> => {
    if (!socket.closed) await once(socket, "close");
  };

  test("are closed in time when they say nothing, or say their hello too slowly", async () => {
    const silent = await open("127.0.0.2");
    const slow = await open("127.0.0.3");
    const hello = Buffer.alloc(20, "-");
    hello.writeUInt32BE(1, 0);
    hello.write("hello ", 8);
    const token = seal(TEST_KEY, Buffer.from("slow tested worker 4.3.0"));
    hello.writeUInt32BE(token.length, 4);
    const bytes = Buffer.concat([hello, token]);
    let at = 0;
    const dripping = setInterval(() => {
      // The last byte never comes.
      if (!slow.destroyed && at < bytes.length - 1) slow.write(bytes.subarray(at, ++at));
    }, 100);
    await Promise.all([isClosed(silent), isClosed(slow)]);
    clearInterval(dripping);
    expect(cluster.master.process.end).toBeUndefined();
  });

  test("keep no worker out, from however many addresses they come", async () => {
    const flood: Socket[] = [];
    for (let address = 10; address < 20; address += 1) {
      for (let times = 0; times < 4; times += 1) flood.push(await open(`127.0.0.${String(address)}`));
    }
    const honest = await cluster.join({ name: "honest", address: "127.0.0.9" });
    expect((await honest.link.ask("echo", "in")).toString()).toBe("in");
    for (let times = 0; times < 2 * IN_ALL; times += 1) flood.push(await open("127.0.0.10"));
    await waitUntil(() => flood.filter((socket) => !socket.closed).length <= IN_ALL);
    expect((await honest.link.ask("echo", "still in")).toString()).toBe("still in");
    for (const socket of flood) socket.destroy();
  });
});
