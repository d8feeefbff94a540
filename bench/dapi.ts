import { fork, spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_LIMITS } from "../src/config/Limits.js";
import { formatRequest, newRequest } from "../src/dapi/encoding/requestJson.js";
import type { DapiRequest } from "../src/dapi/DapiRequest.js";
import { LocalConnection } from "../src/node/local/LocalConnection.js";
import { localSocketPath } from "../src/node/local/localSocketPath.js";
import { SocketLink } from "../src/node/ports/SocketLink.js";
import { systemClock } from "../src/node/ports/systemClock.js";
import { systemRandom } from "../src/node/ports/systemRandom.js";
import { zip43 } from "../src/protocol/dialects/zip43.js";
import type { BenchRow } from "./BenchRow.js";

const CLIENTS = 20;
const WARM_UP = 2_000;
const SECONDS = 5;
const PORT = 15_733;
const PROGRAM = join(import.meta.dirname, "../src/cli/main.js");

/** The distributed API with 20 clients, each of which asks again as soon as it has its answer (quality.md 1). */
export async function measure(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "muster-bench-"));
  const running: ChildProcess[] = [];
  try {
    const echo = join(folder, "echo.sock");
    running.push(fork(import.meta.filename, ["echo", echo], { stdio: "ignore" }));
    const roots = await Promise.all([makeRoot(folder, "m", "master"), makeRoot(folder, "w1", "worker"), makeRoot(folder, "w2", "worker")]);
    for (const root of roots) running.push(spawn(process.execPath, [PROGRAM, "run", "--root", root], { stdio: "ignore" }));
    const [master = "", worker = ""] = roots;
    await untilBoth(master);
    const limit = await rate(() => echoClient(echo));
    const files = { module: "wazuh.rule", qualname: "get_rules_files" } as const;
    const work: readonly (readonly [string, string, DapiRequest])[] = [
      ["local at the master", master, newRequest({ ...files, requestType: "local_any" })],
      ["worker asks the master", worker, newRequest({ ...files, requestType: "local_master" })],
      ["worker, master, another worker", worker, newRequest({ ...files, requestType: "distributed_master", arguments: { node_id: "w2" } })],
      ["fan-out to 3 nodes", master, newRequest({ ...files, requestType: "distributed_master", arguments: { node_list: "*" }, broadcasting: true })],
    ];
    const rows: BenchRow[] = [];
    for (const [what, root, request] of work) {
      const json = formatRequest(request);
      rows.push({ what, figure: await rate(() => dapiClient(root, json)), limit, unit: "/s" });
    }
    return rows;
  } finally {
    for (const child of running) child.kill();
    await sleep(1_000);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Client {
  ask(): Promise<void>;
  close(): void;
}

/** Answers a second, of all clients together. */
async function rate(open: () => Promise<Client>): Promise<number> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, open));
  const start = performance.now() + WARM_UP;
  const end = start + SECONDS * 1000;
  let answers = 0;
  const askOn = async (client: Client): Promise<void> => {
    while (performance.now() < end) {
      await client.ask();
      if (performance.now() >= start && performance.now() < end) answers += 1;
    }
  };
  await Promise.all(clients.map(askOn));
  for (const client of clients) client.close();
  return answers / SECONDS;
}

async function dapiClient(root: string, json: string): Promise<Client> {
  const socket = await opened(localSocketPath(root));
  let settle: ((text: string) => void) | undefined;
  const connection: LocalConnection = new LocalConnection({
    id: "bench",
    link: new SocketLink(socket),
    dialect: zip43,
    clock: systemClock,
    random: systemRandom,
    limits: DEFAULT_LIMITS,
    timeoutClusterRequest: 60,
    isClient: true,
    onRequest: (request) => {
      connection.answer(request, "Distributed api response received");
      settle?.(connection.strings.take(request.payload.toString())?.toString() ?? request.payload.toString());
    },
    onClosed: () => undefined,
  });
  return {
    ask: async () => {
      const answer = new Promise<string>((resolve) => (settle = resolve));
      await connection.channel.request("dapi", json);
      const text = await answer;
      if (!text.startsWith('{"__wazuh_result__"')) throw new Error(`the node answered ${text}`);
    },
    close: () => {
      connection.channel.close();
    },
  };
}

async function echoClient(path: string): Promise<Client> {
  const socket = await opened(path);
  const message = Buffer.alloc(600, 120);
  return {
    ask: () =>
      new Promise((resolve) => {
        let received = 0;
        const take = (bytes: Buffer): void => {
          received += bytes.length;
          if (received < message.length) return;
          socket.off("data", take);
          resolve();
        };
        socket.on("data", take);
        socket.write(message);
      }),
    close: () => {
      socket.destroy();
    },
  };
}

async function opened(path: string): Promise<Socket> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = connect(path, () => {
          resolve(socket);
        });
        socket.once("error", reject);
      });
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
}

async function untilBoth(root: string): Promise<void> {
  const request = newRequest({ module: "wazuh.rule", qualname: "get_rules_files", requestType: "distributed_master", arguments: { node_list: ["w1", "w2"] } });
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const client = await dapiClient(root, formatRequest(request));
    const isThere = await client.ask().then(
      () => true,
      () => false,
    );
    client.close();
    if (isThere && attempt > 3) return;
    await sleep(500);
  }
}

async function makeRoot(folder: string, name: string, type: string): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, "etc/rules"), { recursive: true });
  await writeFile(join(root, "etc/rules/local_rules.xml"), '<group name="local,"/>\n');
  const cluster = `<name>bench</name><node_name>${name}</node_name><node_type>${type}</node_type><key>0123456789abcdefghijklmnopqrstuv</key>`;
  const address = `<port>${String(PORT)}</port><bind_addr>127.0.0.1</bind_addr><nodes><node>127.0.0.1</node></nodes><disabled>no</disabled>`;
  await writeFile(join(root, "etc/ossec.conf"), `<ossec_config><cluster>${cluster}${address}</cluster></ossec_config>\n`);
  return root;
}

if (process.argv[2] === "echo") createServer((socket) => socket.pipe(socket)).listen(process.argv[3]);
