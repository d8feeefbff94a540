import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { faultsIn } from "../../../../src/dapi/catalogue/manager/validateConf.js";
import { daemonSockets } from "../../../../src/node/ports/daemonSockets.js";
import { systemClock } from "../../../../src/node/ports/systemClock.js";
import { DatagramReceiver } from "../../../support/DatagramReceiver.js";
import { CLUSTER_KEY, failuresOf, nodeFixture, type NodeFixture, type NodeFixtureOptions } from "../nodeFixture.js";

/** A node whose sockets are real ones below its root. */
const nodeWithSockets = (options: NodeFixtureOptions = {}): Promise<NodeFixture> =>
  nodeFixture({}, { daemons: (root) => daemonSockets(root, systemClock), ...options });

/** A daemon that answers each request of a stream socket; what it was asked is noted. */
async function listen(root: string, path: string, answer: (request: string) => string | null): Promise<string[]> {
  const asked: string[] = [];
  await mkdir(dirname(join(root, path)), { recursive: true });
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    let received = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readUInt32LE()) return;
      const request = received.toString("utf8", 4);
      asked.push(request);
      const reply = answer(request);
      if (reply === null) return void socket.destroy();
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(reply));
      socket.end(Buffer.concat([length, Buffer.from(reply)]));
    });
  });
  server.listen(join(root, path));
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return asked;
}

describe("validation", () => {
  const COM = "queue/sockets/com";

  test("asks wazuh-execd, and says that all is well", async () => {
    const node = await nodeWithSockets();
    const asked = await listen(node.root, COM, () => '{"error":0,"message":"ok"}\0');
    expect(await node.call("manager:validation")).toMatchObject({
      affectedItems: [{ name: "node01", status: "OK" }],
      failedItems: [],
      sortFields: ["name"],
      sortCasting: ["str"],
      allMessage: "Validation was successfully checked in all nodes",
      someMessage: "Could not check validation in some nodes",
      noneMessage: "Could not check validation in any node",
    });
    expect(asked).toEqual(["check-manager-configuration"]);
  });

  test("outside a cluster speaks of the manager alone", async () => {
    const node = await nodeWithSockets({ cluster: { disabled: true } });
    await listen(node.root, COM, () => '{"error":0,"message":"ok"}');
    expect(await node.call("manager:validation")).toMatchObject({
      affectedItems: [{ name: "manager", status: "OK" }],
      allMessage: "Validation was successfully checked",
      noneMessage: "Could not check validation",
    });
  });

  test("makes the node a failed item with what is wrong", async () => {
    const node = await nodeWithSockets();
    const message = [
      "2026/11/23 17:00:00 wazuh-analysisd: ERROR: (1230): Invalid element in the configuration: 'x'.",
      "2026/11/23 17:00:00 wazuh-analysisd: INFO: nothing",
      "2026/11/23 17:00:00 wazuh-analysisd: ERROR: (1230): Invalid element in the configuration: 'x'.",
      "2026/11/23 17:00:00 wazuh-analysisd: CRITICAL: [12] file.c (1202): Configuration error.",
    ].join("\n");
    await listen(node.root, COM, () => JSON.stringify({ error: 1, message }));
    const result = await node.call("manager:validation");
    expect(result.affectedItems).toEqual([]);
    expect(failuresOf(result)).toEqual([
      [
        1908,
        "Error validating configuration: (1230): Invalid element in the configuration: 'x'., file.c (1202): Configuration error.",
        ["node01"],
      ],
    ]);
  });

  test.each(["", "nonsense", "[]", "null", '{"error":"1"}', '{"error":1}', '{"message":"x"}'])(
    "refuses the answer %j",
    async (answer) => {
      const node = await nodeWithSockets();
      await listen(node.root, COM, () => answer);
      await expect(node.call("manager:validation")).rejects.toMatchObject({
        code: 1904,
        errorClass: "WazuhInternalError",
      });
    },
  );

  test("tells that nobody listens, and that the exchange broke off", async () => {
    const node = await nodeWithSockets();
    await expect(node.call("manager:validation")).rejects.toMatchObject({
      code: 1013,
      errorClass: "WazuhInternalError",
      message: "Unable to connect with socket: Socket: WAZUH_PATH/queue/sockets/com. Error: ENOENT",
    });
    await listen(node.root, COM, () => null);
    await expect(node.call("manager:validation")).rejects.toMatchObject({ code: 1014 });
  });

  test("ends with its signal", async () => {
    const controller = new AbortController();
    const node = await nodeWithSockets({ signal: controller.signal });
    await listen(node.root, COM, () => {
      controller.abort(new Error("late"));
      return '{"error":0}';
    });
    await expect(node.call("manager:validation")).rejects.toThrow("late");
  });

  test("finds the faults of any output", () => {
    expect(faultsIn("ERROR: [a] [b] c\r\nx\rCRITICAL: \nERROR: 1 CRITICAL: 2")).toEqual(["c", "", "2"]);
    expect(faultsIn("")).toEqual([]);
  });
});

describe("restart", () => {
  const EXECQ = "queue/alerts/execq";

  async function receiverOf(node: NodeFixture): Promise<DatagramReceiver> {
    await mkdir(dirname(join(node.root, EXECQ)), { recursive: true });
    const receiver = new DatagramReceiver(join(node.root, EXECQ));
    onTestFinished(() => receiver.close());
    return receiver;
  }

  test("sends the reference's command, byte for byte", async () => {
    const node = await nodeWithSockets();
    const receiver = await receiverOf(node);
    expect(await node.call("manager:restart")).toMatchObject({
      affectedItems: ["node01"],
      sortFields: null,
      sortCasting: ["str"],
      allMessage: "Restart request sent to  all specified nodes",
      someMessage: "Could not send restart request to some specified nodes",
      noneMessage: "Could not send restart request to any node",
    });
    expect(String(await receiver.next())).toBe(
      '{"version": 1, "origin": {"module": "API"}, "command": "restart-wazuh", "parameters": {"extra_args": [], "alert": {}}}',
    );
    expect(receiver.take()).toBeUndefined();
  });

  test("tells that there is no socket, that nobody has it, and that it is another", async () => {
    const node = await nodeWithSockets();
    const failed = (code: number) => ({ code, errorClass: "WazuhInternalError" });
    await expect(node.call("manager:restart")).rejects.toMatchObject(failed(1901));
    (await receiverOf(node)).close();
    await expect(node.call("manager:restart")).rejects.toMatchObject(failed(1902));
    const other = await nodeWithSockets();
    await listen(other.root, EXECQ, () => "");
    await expect(other.call("manager:restart")).rejects.toMatchObject(failed(1902));
  });

  test("tells that the command could not be sent", async () => {
    const full = Object.assign(new Error("full"), { code: "EAGAIN" });
    const node = await nodeFixture(
      {},
      { daemons: (root) => ({ ...daemonSockets(root, systemClock), sendDatagram: () => Promise.reject(full) }) },
    );
    await expect(node.call("manager:restart")).rejects.toMatchObject({
      code: 1014,
      message: "Error communicating with socket: EAGAIN",
    });
  });
});

describe("get_config", () => {
  const ask = { component: "auth", config: "auth" };

  test("gives what the component runs with, without secrets", async () => {
    const node = await nodeWithSockets();
    const active = {
      auth: { port: 1515, use_password: "yes", ssl_manager_key: "etc/sslmanager.key", key: "x", empty_key: "" },
      list: [{ name: "a", api_key: "secret" }, CLUSTER_KEY, "https://u:secret@h"],
      labels: [
        { key: "group", value: "sales" },
        { key: "api_key", value: "secret" },
      ],
    };
    const asked = await listen(node.root, "queue/sockets/auth", () => `ok ${JSON.stringify(active)}`);
    const result = await node.call("manager:get_config", ask);
    expect(result.affectedItems).toEqual([
      {
        auth: {
          port: 1515,
          use_password: "yes",
          ssl_manager_key: "etc/sslmanager.key",
          key: "********",
          empty_key: "",
        },
        list: [{ name: "a", api_key: "********" }, "********", "https://u:********@h"],
        labels: [
          { key: "group", value: "sales" },
          { key: "api_key", value: "********" },
        ],
      },
    ]);
    expect(result.allMessage).toBe("Active configuration was successfully read in specified node");
    expect(asked).toEqual(["getconfig auth"]);
  });

  test("gives no item for an empty configuration", async () => {
    const node = await nodeWithSockets();
    await listen(node.root, "queue/sockets/auth", () => "ok {}");
    expect((await node.call("manager:get_config", ask)).affectedItems).toEqual([]);
  });

  test.each([
    ["err No such configuration", 1116],
    ["err Cannot send request", 1117],
  ])("makes the node a failed item for %j: %i", async (answer, code) => {
    const node = await nodeWithSockets();
    await listen(node.root, "queue/sockets/auth", () => answer);
    const result = await node.call("manager:get_config", ask);
    expect(result.failedItems.map(({ error, ids }) => [error.code, error.extraMessage, ids])).toEqual([
      [code, "auth:auth", ["node01"]],
    ]);
  });

  test.each(["ok", "ok nonsense", "ok []", "ok 1", `ok ${'{"a":'.repeat(100)}1${"}".repeat(100)}`])(
    "refuses the answer %j",
    async (answer) => {
      const node = await nodeWithSockets();
      await listen(node.root, "queue/sockets/auth", () => answer);
      await expect(node.call("manager:get_config", ask)).rejects.toMatchObject({
        code: 1118,
        errorClass: "WazuhInternalError",
      });
    },
  );

  test("knows its components and nothing else", async () => {
    const node = await nodeWithSockets();
    const codesOf = async (args: object): Promise<unknown[]> => {
      const result = await node.call("manager:get_config", { ...args });
      return result.failedItems.map(({ error }) => error.code);
    };
    expect(await codesOf({ component: "../db/wdb", config: "x" })).toEqual([1101]);
    expect(await codesOf({ component: "auth" })).toEqual([1307]);
    expect(await codesOf({})).toEqual([1307]);
    await expect(node.call("manager:get_config", ask)).rejects.toMatchObject({ code: 1121 });
  });
});
