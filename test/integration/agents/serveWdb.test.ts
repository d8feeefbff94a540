import { existsSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { serveWdb } from "../../../src/node/ports/serveWdb.js";
import { waitingAgents } from "../../unit/agents/temporaryStore.js";
import { wdbBytes, wdbServer } from "../../support/wdbServer.js";
import { storeOf, temporaryRoot } from "./temporaryRoot.js";

interface Client {
  readonly socket: Socket;
  /** The next answer's text; rejects when the connection ends. */
  answer(): Promise<string>;
  closed: Promise<void>;
}

/** A client by the facts alone: 4-byte little-endian length and text. */
async function connect(root: string): Promise<Client> {
  const socket = createConnection({ path: join(root, "queue/db/wdb") });
  onTestFinished(() => void socket.destroy());
  let pending = Buffer.alloc(0);
  const waiting: (() => void)[] = [];
  const wake = (): void => waiting.splice(0).forEach((one) => one());
  socket.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    wake();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.on("close", () => (wake(), resolve())));
  await new Promise((resolve) => socket.once("connect", resolve));
  return {
    socket,
    closed,
    answer: async () => {
      while (pending.length < 4 || pending.length < 4 + pending.readUInt32LE(0)) {
        if (socket.destroyed) throw new Error("the server hung up");
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      const end = 4 + pending.readUInt32LE(0);
      const text = pending.toString("utf8", 4, end);
      pending = pending.subarray(end);
      return text;
    },
  };
}

async function ask(client: Client, command: string): Promise<string> {
  client.socket.write(wdbBytes(command));
  return await client.answer();
}

/** One request to the store's HTTP socket. */
function askHttp(root: string, method: string, path: string, body = ""): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ socketPath: join(root, "queue/sockets/wdb-http.sock"), path, method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

describe("the three lists on the HTTP socket", () => {
  test("are given once, and stored where they are posted", async () => {
    const [from, to] = [temporaryRoot(), temporaryRoot()];
    const [giving, taking] = [await storeOf(from, {}, true), await storeOf(to, {}, true)];
    await giving.importAgents(waitingAgents(2));
    await taking.importAgents([{ id: 1, name: "other" }, { id: 2, name: "other" }]);
    const given = await askHttp(from, "GET", "/v1/agents/sync");
    expect(given.status).toBe(200);
    const lists = JSON.parse(given.text) as { syncreq: { id: number }[] };
    expect(lists.syncreq.map(({ id }) => id)).toEqual([1, 2]);
    expect(await askHttp(to, "POST", "/v1/agents/sync", given.text)).toEqual({ status: 200, text: "" });
    const nameOf = async (store: typeof taking): Promise<unknown> => (await store.listAgents()).agents.map(({ name }) => name);
    expect(await nameOf(taking)).toEqual(await nameOf(giving));
    expect(JSON.parse((await askHttp(from, "GET", "/v1/agents/sync")).text)).toEqual({ syncreq: [], syncreq_keepalive: [], syncreq_status: [] });
  });

  test("whatever else is asked is refused with a status and a reason", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root, {}, true);
    expect(await askHttp(root, "GET", "/v1/agents/ids")).toMatchObject({ status: 404 });
    expect(await askHttp(root, "DELETE", "/v1/agents/sync")).toMatchObject({ status: 405 });
    expect(await askHttp(root, "POST", "/v1/agents/sync", "no JSON")).toMatchObject({ status: 400 });
    expect(await askHttp(root, "POST", "/v1/agents/sync", "[]")).toMatchObject({ status: 400, text: expect.stringContaining("syncreq") as string });
    const socket = join(root, "queue/sockets/wdb-http.sock");
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    await store.close();
    expect(existsSync(socket)).toBe(false);
  });
});

describe("the served store", () => {
  test("answers other programs from the node's own database", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root, {}, true);
    await store.importAgents(waitingAgents(2));
    const client = await connect(root);
    expect(await ask(client, "global get-all-agents last_id 0")).toBe('ok [{"id":1},{"id":2}]');
    expect(await ask(client, "global sql update agent set name = 'renamed' where id = 2")).toBe("ok []");
    expect(await store.agent("002")).toMatchObject({ name: "renamed" });
    expect(store.describe().adapter).toBe("embedded");
  });

  test("is reachable for the owner and the group only", async () => {
    const root = temporaryRoot();
    await storeOf(root, {}, true);
    expect(statSync(join(root, "queue/db/wdb")).mode & 0o777).toBe(0o660);
  });

  test("serves many clients at once, each in order", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root, {}, true);
    await store.importAgents(waitingAgents(30));
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(root)));
    await Promise.all(
      clients.map(async (client, index) => {
        client.socket.write(
          Buffer.concat(
            Array.from({ length: 10 }, (_, round) =>
              wdbBytes(`global sql select ${index} as client, ${round} as round`),
            ),
          ),
        );
        for (let round = 0; round < 10; round += 1)
          expect(await client.answer()).toBe(`ok [{"client":${index},"round":${round}}]`);
      }),
    );
  });

  test("is used by another node's store as a wazuh-db", async () => {
    const root = temporaryRoot();
    const server = await storeOf(root, {}, true);
    await server.importAgents(waitingAgents(3000));
    const client = await storeOf(root);
    expect(client.describe().adapter).toBe("wazuhDb");
    expect((await client.knownAgentIds()).length).toBe(3000);
    const { agents } = await client.listAgents();
    expect(agents.length).toBe(3000);
    expect((await client.agentInfoChunks()).length).toBeGreaterThan(5);
    await expect(client.importAgents([{ id: 1, name: "x" }])).rejects.toMatchObject({ code: 2003 });
  });

  test("cuts off a client that announces too much", async () => {
    const root = temporaryRoot();
    await storeOf(root, {}, true);
    const client = await connect(root);
    client.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await client.closed;
    expect(await ask(await connect(root), "global select-groups")).toBe("ok []");
  });

  test("cuts off clients beyond the bound", async () => {
    const root = temporaryRoot();
    await storeOf(root, { servedClients: 1 }, true);
    const first = await connect(root);
    expect(await ask(first, "global select-groups")).toBe("ok []");
    const second = await connect(root);
    await second.closed;
    expect(await ask(first, "global select-groups")).toBe("ok []");
  });

  test("cuts off a silent client, but not one that waits for its answer", async () => {
    const root = temporaryRoot();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let heard: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (heard = resolve));
    const run = async (): Promise<string> => {
      heard();
      await gate;
      return "ok late";
    };
    const settings = { ...DEFAULT_AGENT_STORE_SETTINGS, servedIdleTimeout: 500 };
    const served = await serveWdb(join(root, "queue/db/wdb"), run, settings);
    onTestFinished(() => served.close());
    const waiting = await connect(root);
    waiting.socket.write(wdbBytes("global select-groups"));
    await asked;
    // It came later than the request, so its time is over later, too.
    const silent = await connect(root);
    await silent.closed;
    open();
    expect(await waiting.answer()).toBe("ok late");
    await waiting.closed;
  });

  test("takes the socket away when it closes", async () => {
    const root = temporaryRoot();
    const store = await storeOf(root, {}, true);
    const client = await connect(root);
    await store.close();
    await client.closed;
    expect(existsSync(join(root, "queue/db/wdb"))).toBe(false);
  });
});

describe("starting to serve", () => {
  test("is refused where another program serves", async () => {
    const root = temporaryRoot();
    const wdb = await wdbServer({ behave: () => ({ answer: "ok []" }) }, join(root, "queue/db/wdb"));
    onTestFinished(() => wdb.close());
    await expect(storeOf(root, {}, true)).rejects.toThrow(/Another program serves .*wdb already/);
  });

  test("removes a socket that a killed process left", async () => {
    const root = temporaryRoot();
    await leaveSocket(join(root, "queue/db/wdb"));
    const store = await storeOf(root, {}, true);
    expect(await ask(await connect(root), "global select-groups")).toBe("ok []");
    expect(store.describe().adapter).toBe("embedded");
  });

  test("touches nothing that is no socket", async () => {
    const root = temporaryRoot();
    writeFileSync(join(root, "queue/db/wdb"), "precious");
    await expect(storeOf(root, {}, true)).rejects.toThrow(/is no socket/);
  });
});

test("a left socket is no wazuh-db: the embedded store is used", async () => {
  const root = temporaryRoot();
  await leaveSocket(join(root, "queue/db/wdb"));
  const store = await storeOf(root);
  expect([await store.knownAgentIds(), store.describe().adapter]).toEqual([[], "embedded"]);
});

/** What a process that was killed leaves: a socket's file with nobody behind it. */
async function leaveSocket(path: string): Promise<void> {
  const { renameSync } = await import("node:fs");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  // Closing removes the file by its name, so it is kept under another one meanwhile.
  renameSync(path, `${path}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${path}.kept`, path);
}
