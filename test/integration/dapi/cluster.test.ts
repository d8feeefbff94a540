import { stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { formatRequest, newRequest } from "../../../src/dapi/encoding/requestJson.js";
import { decodeResult } from "../../../src/dapi/encoding/resultJson.js";
import type { DapiRequest, RequestType } from "../../../src/dapi/DapiRequest.js";
import type { ApiResult } from "../../../src/dapi/results/ApiResult.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { LocalClient } from "../../../src/node/local/LocalClient.js";
import { systemClock } from "../../../src/node/ports/systemClock.js";
import { systemRandom } from "../../../src/node/ports/systemRandom.js";
import { zip43 } from "../../../src/protocol/dialects/zip43.js";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";
import { runCommand, startNode, waitUntil } from "../../support/processes.js";

const RULES = '<group name="local,"><rule id="100001" level="3"><description>one</description></rule></group>\n';
const TIMEOUT = 20_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.create({ workers: ["w1", "w2", "w3"] });
  await cluster.master.write({ "etc/rules/local_rules.xml": RULES });
  await cluster.master.start("--http", "127.0.0.1:0").waitForLog("Serving on");
  for (const [at, node] of cluster.workers.entries()) node.start(...(at === 0 ? ["--http", "127.0.0.1:0"] : []));
  await cluster.inStep();
}, 60_000);

afterAll(() => cluster.dispose());

const clientOf = ({ root }: TestNode): LocalClient =>
  new LocalClient({ root, dialect: zip43, clock: systemClock, random: systemRandom, timeoutClusterRequest: 30, timeoutDapiRequest: 50 });

const worker = (at: number): TestNode => cluster.workers[at] ?? cluster.worker;

function rules(requestType: RequestType, more: Partial<DapiRequest> = {}): DapiRequest {
  return newRequest({ module: "wazuh.rule", qualname: "get_rules", requestType, ...more });
}

async function ask(node: TestNode, request: DapiRequest): Promise<ApiResult | MusterError> {
  try {
    return decodeResult(await clientOf(node).ask("dapi", formatRequest(request)));
  } catch (error) {
    return MusterError.from(error);
  }
}

/** Rules in the answer, and the nodes that failed with their codes. */
function told(answer: ApiResult | MusterError): { readonly items: number; readonly failed: readonly (readonly [number, ...string[]])[] } {
  if (answer instanceof MusterError) throw answer;
  if (answer.kind !== "affectedItems") throw new Error("not a list of items");
  return { items: answer.affectedItems.length, failed: answer.failedItems.map(({ error, ids }) => [error.code, ...ids] as const) };
}

describe("a request of each type", () => {
  test.each<[RequestType, Partial<DapiRequest>, number]>([
    ["local_any", {}, 1],
    ["local_master", {}, 1],
    ["distributed_master", { arguments: { node_id: "w2" } }, 1],
    ["distributed_master", { arguments: { node_list: "*" }, broadcasting: true }, 4],
    ["distributed_master", { arguments: { node_list: "*", limit: 3 }, broadcasting: true }, 3],
  ])("%s %o gives the same answer at the master and at a worker", async (requestType, more, items) => {
    const [atMaster, atWorker] = await Promise.all([cluster.master, worker(0)].map((node) => ask(node, rules(requestType, more))));
    expect(told(atMaster as ApiResult)).toEqual({ items, failed: [] });
    expect(atWorker).toEqual(atMaster);
  });

  test("a node that does not exist is a failed item beside the others' answers", async () => {
    const answer = await ask(worker(0), rules("distributed_master", { arguments: { node_list: ["w1", "ghost"] } }));
    expect(told(answer)).toEqual({ items: 1, failed: [[1730, "ghost"]] });
  });

  test("nodes, health and configuration are told on every node, the key is not", async () => {
    const [atMaster, atWorker] = await Promise.all([cluster.master, worker(1)].map((node) => clientOf(node).ask("get_nodes", "{}")));
    expect(atWorker).toBe(atMaster);
    expect((JSON.parse(atMaster ?? "") as { items: { name: string }[] }).items.map(({ name }) => name).sort()).toEqual(["m1", "w1", "w2", "w3"]);
    expect(JSON.parse(await clientOf(worker(1)).ask("get_health", '["w3"]'))).toMatchObject({ n_connected_nodes: 1, nodes: { w3: {} } });
    expect(JSON.parse(await clientOf(worker(1)).ask("get_config", ""))).toMatchObject({ node_name: "w2", key: "********" });
  });

  test("dapi_fwd goes to the one worker", async () => {
    const answer = decodeResult(await clientOf(cluster.master).ask("dapi_fwd", `w3 ${formatRequest(rules("local_any"))}`));
    expect(told(answer)).toEqual({ items: 1, failed: [] });
    await expect(clientOf(cluster.master).ask("dapi_fwd", `ghost ${formatRequest(rules("local_any"))}`)).rejects.toMatchObject({ code: 3022 });
  });

  test("a message to a daemon of the master comes back with the daemon's reply, or with why there is none", async () => {
    const daemon = createServer((socket) => socket.once("data", (bytes) => socket.end(Buffer.concat([lengthOf("pong"), Buffer.from(bytes.length > 4 ? "pong" : "")]))));
    await cluster.master.write({ "queue/tasks/.keep": "" });
    await new Promise<void>((resolve) => daemon.listen(join(cluster.master.root, "queue/tasks/task"), resolve));
    try {
      const message = JSON.stringify({ daemon_name: "task-manager", message: { command: "ping" } });
      await expect(clientOf(worker(0)).ask("sendsync", message)).resolves.toBe("pong");
      await expect(clientOf(worker(0)).ask("sendasync", message)).resolves.toBe("pong");
    } finally {
      daemon.close();
    }
    await expect(clientOf(worker(0)).ask("sendsync", '{"daemon_name": "authd", "message": "x"}')).rejects.toThrow("Error 1013");
    await expect(clientOf(worker(0)).ask("sendsync", '{"daemon_name": "nope", "message": "x"}')).rejects.toThrow("Error 1014");
  });
});

describe("the same question", () => {
  // What each door gives: its items, whatever is around them.
  type Door = (question: Question) => Promise<readonly unknown[]>;
  interface Question {
    readonly function: string;
    readonly requestType: RequestType;
    readonly node?: string;
    readonly path: string;
  }
  const QUESTIONS: readonly Question[] = [
    { function: "wazuh.rule:get_rules", requestType: "local_any", path: "/rules" },
    { function: "wazuh.cluster:get_nodes_info", requestType: "local_master", path: "/cluster/nodes" },
    { function: "wazuh.manager:get_status", requestType: "distributed_master", node: "w2", path: "/cluster/w2/status" },
  ];

  const socket = (node: TestNode): Door => async ({ function: name, requestType, node: nodeId }) => {
    const [module = "", qualname = ""] = name.split(":");
    // Programs send the nodes' names with the request (dapi.md 3); nodes are those of the whole cluster.
    const request = newRequest({ module, qualname, requestType, nodes: ["m1", "w1", "w2", "w3"], arguments: nodeId === undefined ? {} : { node_id: nodeId } });
    const answer = await ask(node, request);
    if (answer instanceof MusterError || answer.kind !== "affectedItems") throw new Error(`no items, but ${answer instanceof MusterError ? answer.toString() : answer.kind}`);
    return answer.affectedItems;
  };
  const call = (node: TestNode): Door => async ({ function: name, node: nodeId }) => {
    const { output } = await runCommand(["call", "--root", node.root, "--json", name, ...(nodeId === undefined ? [] : ["--node", nodeId])]);
    return itemsIn(JSON.parse(output));
  };
  const http = (node: TestNode): Door => async ({ path }) => {
    const url = /The HTTP API listens on (http:\S+?)\.?$/m.exec(node.process.printed.join("\n").replaceAll('"', "\n"))?.[1] ?? "";
    const authorization = `Basic ${Buffer.from(`admin:${(await node.read("etc/http-admin-password")).trimEnd()}`).toString("base64")}`;
    const token = await (await fetch(`${url}/security/user/authenticate?raw=true`, { method: "POST", headers: { authorization } })).text();
    return itemsIn(await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json());
  };
  const itemsIn = (json: unknown): readonly unknown[] => (json as { data: { affected_items: readonly unknown[] } }).data.affected_items;

  test.each(QUESTIONS)("$requestType has one answer through each door", async (question) => {
    const [master, other] = [cluster.master, worker(0)];
    const expected = await socket(master)(question);
    expect(expected.length).toBeGreaterThan(0);
    const doors: readonly (readonly [string, Door])[] = [
      ["the worker's socket", socket(other)],
      ["HTTP at the master", http(master)],
      ["HTTP at the worker", http(other)],
      ["muster call at the master", call(master)],
      ["muster call at the worker", call(other)],
    ];
    const answers = await Promise.all(doors.map(async ([name, open]) => [name, await open(question)] as const));
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(doors.map(([name]) => [name, expected])));
  });

  test("muster control tells the same nodes, and the workers that are in step, at the master and at a worker", async () => {
    const told = async ({ root }: TestNode, what: string): Promise<unknown> => JSON.parse((await runCommand(["control", "--root", root, "--json", what])).output) as unknown;
    const expected = await socket(cluster.master)(QUESTIONS[1] as Question);
    for (const node of [cluster.master, worker(0)]) {
      expect((await told(node, "nodes")) as { items: unknown }).toMatchObject({ items: expected });
      const { steps } = (await told(node, "health")) as { steps: readonly { name: string; in_step: boolean; out_of_step: boolean }[] };
      expect(steps.map(({ name, out_of_step: isOut }) => [name, isOut]).sort()).toEqual([["w1", false], ["w2", false], ["w3", false]]);
    }
  });
});

describe("what is refused", () => {
  test.each([
    ["dapi", "xx", "no JSON"],
    ["dapi", "{}", "needs f as"],
    ["dapi", '{"f": {"__callable__": {"__module__": "os", "__qualname__": "system"}}}', "is not allowed"],
    ["dapi", formatRequest(rules("local_any", { arguments: { limit: "many" } })), "limit"],
    ["dapi_fwd", "w1", "expects '<node name> <request>'"],
    ["send_file", "nothing", "expects '<path> <node name>'"],
    ["nonsense", "", "unknown command"],
  ])("%s %s", async (command, payload, said) => {
    const answer = await clientOf(cluster.master).ask(command, payload).catch((error: unknown) => String(error));
    expect(answer).toContain(said);
  });

  test("a peer's dapi without a space is answered with an error and ends nothing", async () => {
    const peer = await cluster.join({ name: "odd" });
    await expect(peer.link.ask("dapi", "nospace")).rejects.toThrow(/expects '<id> <text>'/);
    await expect(peer.link.ask("sendsync", "nospace")).rejects.toThrow(/expects '<id> <text>'/);
    expect((await peer.link.ask("echo", "alive")).toString()).toBe("alive");
    await cluster.disconnect();
  });

  test("a worker's wish that something be changed: the rights that it claims can't be checked", async () => {
    const peer = await cluster.join({ name: "claims" });
    const rights = { rbac_mode: "white", "cluster:restart": { "node:id:*": "allow" } };
    const restart = newRequest({ module: "wazuh.manager", qualname: "restart", requestType: "local_any", rbacPermissions: rights, currentUser: "wazuh" });
    const answer = await peer.link.exchange("dapi", `7 ${formatRequest(restart)}`);
    expect(answer.command).toBe("err");
    expect(answer.payload.toString()).toContain("4000");
    await cluster.disconnect();
  });

  test("a second node in the same root, whose socket others can't open", async () => {
    const second = startNode({ root: cluster.master.root });
    expect(await second.ended).toMatchObject({ status: 1 });
    expect(second.printed.join("\n")).toContain("a node runs in");
    const { mode } = await stat(join(cluster.master.root, "queue/cluster/c-internal.sock"));
    expect(mode & 0o777).toBe(0o660);
    expect(await ask(cluster.master, rules("local_any"))).toMatchObject({ kind: "affectedItems" });
  });
});

describe("with a frozen worker", () => {
  const frozen = (): TestNode => worker(2);
  beforeAll(() => process.kill(frozen().process.pid, "SIGSTOP"));
  afterAll(() => process.kill(frozen().process.pid, "SIGCONT"));

  const toAll = (apiTimeout: number): DapiRequest => rules("distributed_master", { arguments: { node_list: "*" }, broadcasting: true, apiTimeout });

  test("it is a failed item in bounded time, the others answer", async () => {
    const { items, failed } = told(await ask(worker(0), toAll(1)));
    expect([items, failed.map(([, name]) => name)]).toEqual([3, ["w3"]]);
    // It has not taken the request (3020), not answered it (3021), or was cut off for its silence: the shortest time ends the wait.
    expect([3018, 3020, 3021, 3022]).toContain(failed[0]?.[0]);
  });

  test("requests that wait for it hold up none of 500 others", async () => {
    // Long enough that the other nodes answer on a busy machine, too.
    const slow = Array.from({ length: 20 }, () => ask(cluster.master, toAll(5)));
    const others = Array.from({ length: 500 }, () => ask(cluster.master, rules("distributed_master", { arguments: { node_id: "w1" } })));
    for (const answer of await Promise.all(others)) expect(told(answer)).toEqual({ items: 1, failed: [] });
    for (const answer of await Promise.all(slow)) expect(told(answer).failed.map(([, name]) => name)).toContain("w3");
  });
});

test("a flood beyond the queue is refused, and over when the client that takes no answers is gone", async () => {
  const socket = connect(join(cluster.master.root, "queue/cluster/c-internal.sock"));
  const request = Buffer.from(formatRequest(rules("local_any")));
  const asked = DEFAULT_LIMITS.requestsAtOnce + DEFAULT_LIMITS.requestsWaiting + 10;
  for (let at = 0; at < asked; at += 1) socket.write(frame(at, "dapi", request));
  let received = Buffer.alloc(0);
  const refused = new Promise<string>((resolve) => {
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      const at = received.indexOf("err --------");
      if (at >= 0 && received.length > at + 200) resolve(received.toString("utf8", at, at + 400));
    });
  });
  expect(await refused).toContain("the request queue of this node is full");
  socket.destroy();
  await waitUntil(
    async () => {
      expect(told(await ask(cluster.master, rules("local_any")))).toEqual({ items: 1, failed: [] });
      return true;
    },
    TIMEOUT,
    "an answer after the flood",
  );
});

/** A frame of the local socket. */
function frame(counter: number, command: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt32BE(counter, 0);
  header.writeUInt32BE(payload.length, 4);
  header.write(`${command} `.padEnd(12, "-"), 8, "latin1");
  return Buffer.concat([header, payload]);
}

function lengthOf(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return length;
}
