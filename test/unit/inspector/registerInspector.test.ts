import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { registerInspector } from "../../../src/inspector/registerInspector.js";
import type { Feed } from "../../../src/inspector/feed/Feed.js";
import { ManualClock } from "../../support/manualClock.js";
import { SimulatedCluster } from "../../support/simulatedCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

const HOST = "127.0.0.1:1517";
const OWN = { host: HOST, origin: `http://${HOST}` };
const EVIL = { host: HOST, origin: "http://evil.example" };
const REBOUND = { host: "evil.example:1517", origin: "http://evil.example:1517" };

type Headers = Readonly<Record<string, string>>;

/** A node's inspector, and what a browser does with it. */
class Served {
  readonly cluster = new SimulatedCluster(1);
  readonly app: FastifyInstance = fastify();
  feed!: Feed;
  #address = "";

  async start(options: { open?: boolean; stately?: boolean }): Promise<this> {
    await this.cluster.start();
    this.feed = await registerInspector(this.app, {
      node: this.cluster.node,
      authorize: async ({ headers }) => (headers.authorization === "Bearer right" ? { name: "somebody" } : undefined),
      ...options,
    });
    this.#address = (await this.app.listen({ host: "127.0.0.1", port: 0 })).replace("http:", "ws:");
    return this;
  }

  async stop(): Promise<void> {
    await this.app.close();
    this.cluster.stop();
  }

  async ticket(headers: Headers, remoteAddress = "127.0.0.1"): Promise<{ status: number; ticket: string }> {
    const answer = await this.app.inject({ method: "POST", url: "/inspector/ticket", headers, remoteAddress });
    return { status: answer.statusCode, ticket: answer.json<{ ticket?: string }>().ticket ?? "" };
  }

  open(path: string, headers: Headers): WebSocket {
    return new WebSocket(`${this.#address}${path}`, { headers });
  }

  /** The first message of a socket, or why it was closed. */
  async first(path: string, headers: Headers): Promise<string> {
    const socket = this.open(path, headers);
    const first = await new Promise<string>((resolve, reject) => {
      socket.once("message", (data: Buffer) => resolve(data.toString("utf8")));
      socket.once("close", (code: number) => resolve(`closed ${String(code)}`));
      socket.once("error", reject);
    });
    socket.terminate();
    return first;
  }
}

describe("an inspector that asks who watches", () => {
  let served: Served;
  beforeAll(async () => {
    served = await new Served().start({});
  });
  afterAll(() => served.stop());

  test("gives its page to everybody, under a policy that allows this node alone", async () => {
    const { statusCode, headers, body } = await served.app.inject({ url: "/inspector/" });
    expect(statusCode).toBe(200);
    expect(body).toContain("main.js");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect((await served.app.inject({ url: "/inspector" })).headers.location).toBe("/inspector/");
  });

  test.each(["/inspector/..%2fregisterInspector.js", "/inspector/tsconfig.json", "/inspector/none.js"])("has no %s", async (url) => {
    expect((await served.app.inject({ url })).statusCode).toBe(404);
  });

  test("gives a ticket for a token, and none without, also on this machine", async () => {
    expect((await served.ticket(OWN)).status).toBe(401);
    expect((await served.ticket({ ...OWN, authorization: "Bearer wrong" })).status).toBe(401);
    expect((await served.ticket({ ...OWN, authorization: "Bearer right" })).status).toBe(200);
  });

  test("takes a ticket once, and observes while its socket is open", async () => {
    const { ticket } = await served.ticket({ ...OWN, authorization: "Bearer right" });
    const path = `/inspector/ws?ticket=${ticket}`;
    expect(JSON.parse(await served.first(path, OWN))).toMatchObject({ type: "welcome", node: { name: "m1", type: "master" } });
    await waitUntil(() => !served.feed.isWatching, 20_000, "the end of watching");
    expect(await served.first(path, OWN)).toBe("closed 1008");
  });

  test("takes no ticket from another site's page, and none that was made up", async () => {
    const { ticket } = await served.ticket({ ...OWN, authorization: "Bearer right" });
    expect(await served.first(`/inspector/ws?ticket=${ticket}`, EVIL)).toBe("closed 1008");
    expect(await served.first("/inspector/ws?ticket=guess", OWN)).toBe("closed 1008");
    expect(await served.first("/inspector/ws", OWN)).toBe("closed 1008");
  });

  test("closes a socket that says something else than the page does", async () => {
    const { ticket } = await served.ticket({ ...OWN, authorization: "Bearer right" });
    const socket = served.open(`/inspector/ws?ticket=${ticket}`, OWN);
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    socket.once("open", () => socket.send('{"type":"peer","peer":{"no":"name"}}'));
    expect(await closed).toBe(1007);
  });

  test("serves nothing to Stately's viewer unless it is told to", async () => {
    expect((await served.app.inject({ url: "/inspector/stately" })).statusCode).toBe(404);
  });
});

describe("an open inspector", () => {
  let served: Served;
  beforeAll(async () => {
    served = await new Served().start({ open: true, stately: true });
  });
  afterAll(() => served.stop());

  test("needs no login on this machine", async () => {
    expect((await served.ticket(OWN)).status).toBe(200);
    expect((await served.ticket({ host: "localhost:1517" })).status).toBe(200);
  });

  test("needs one from elsewhere, from another site's page, and from a name that was rebound to this address", async () => {
    expect((await served.ticket(OWN, "10.0.0.7")).status).toBe(401);
    expect((await served.ticket(EVIL)).status).toBe(401);
    expect((await served.ticket(REBOUND)).status).toBe(401);
  });

  test("speaks with Stately's viewer on this machine, and with no other site", async () => {
    expect(JSON.parse(await served.first("/inspector/stately", { host: HOST, origin: "https://stately.ai" }))).toMatchObject({ type: "@xstate.actor", name: "master" });
    expect(await served.first("/inspector/stately", EVIL)).toBe("closed 1008");
    expect(await served.first("/inspector/stately", REBOUND)).toBe("closed 1008");
  });
});

describe("a viewer that does not read", () => {
  /** Bytes that may wait for it, and those of one frame with as many log lines as a frame tells. */
  const [MOST_WAITING, ONE_FRAME] = [1024 * 1024, 300_000];
  const FRAMES = 60;

  test("is skipped while its socket is full, whatever happens, and is then told the whole state; another one misses nothing", async () => {
    const cluster = new SimulatedCluster(3);
    await cluster.start();
    const clock = new ManualClock();
    const app = fastify();
    const feed = await registerInspector(app, { node: { ...cluster.node, clock }, open: true, authorize: () => Promise.resolve(undefined) });
    const address = (await app.listen({ host: "127.0.0.1", port: 0 })).replace("http:", "ws:");
    const open = async (): Promise<{ socket: WebSocket; types: string[] }> => {
      const { ticket } = (await app.inject({ method: "POST", url: "/inspector/ticket", headers: OWN })).json<{ ticket: string }>();
      const socket = new WebSocket(`${address}/inspector/ws?ticket=${ticket}`);
      const types: string[] = [];
      socket.on("message", (data: Buffer) => types.push((JSON.parse(data.toString("utf8")) as { type: string }).type));
      await waitUntil(() => types.length > 0, 20_000, "a welcome");
      return { socket, types };
    };
    const slow = await open();
    const quick = await open();
    const line = JSON.stringify({ level: "info", time: new Date(0).toISOString(), message: "x".repeat(1_000) });
    slow.socket.pause();
    let waiting = 0;
    for (let frame = 1; frame <= FRAMES; frame += 1) {
      for (let count = 0; count < 200; count += 1) cluster.log.write(`${line}\n`);
      clock.advance(100);
      // The other one reads on: its frame is there before the next one is made.
      await waitUntil(() => quick.types.filter((type) => type === "frame").length >= frame, 20_000, `frame ${String(frame)}`);
      waiting = Math.max(waiting, ...[...app.websocketServer.clients].map(({ bufferedAmount }) => bufferedAmount));
    }
    // Its socket took some megabytes before it was full; then no more than this waited, of FRAMES times as much.
    expect(waiting).toBeGreaterThan(MOST_WAITING / 2);
    expect(waiting).toBeLessThan(MOST_WAITING + ONE_FRAME);
    slow.socket.resume();
    await waitUntil(
      () => {
        clock.advance(1_000);
        return slow.types.includes("state");
      },
      20_000,
      "the whole state",
    );
    expect(slow.types.filter((type) => type === "frame").length).toBeLessThan(FRAMES);
    expect(feed.isWatching).toBe(true);
    for (const { socket } of [slow, quick]) socket.terminate();
    await waitUntil(() => !feed.isWatching, 20_000, "the end of watching");
    await app.close();
    cluster.stop();
  });
});
