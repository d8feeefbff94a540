import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { WebSocket } from "ws";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type * as xstate from "xstate";
import { resolveNodeConfig } from "../../../src/config/resolveNodeConfig.js";
import { registerMetrics } from "../../../src/http/metrics/registerMetrics.js";
import { registerInspector } from "../../../src/inspector/registerInspector.js";
import { systemClock } from "../../../src/node/ports/systemClock.js";
import { startNode, type RunningNode } from "../../../src/node/startNode.js";
import { zip43 } from "../../../src/protocol/dialects/zip43.js";
import { LogTap } from "../../../src/telemetry/LogTap.js";
import { memoryLogger } from "../../support/memoryLogger.js";
import { freePort, makeRoot, waitUntil } from "../../support/processes.js";

/** Everybody who observes a machine of this process, from the moment at which its system is made. */
const observers = vi.hoisted(() => ({ live: 0, ever: 0 }));
vi.mock("xstate", async (importOriginal) => {
  const original = await importOriginal<typeof xstate>();
  const createActor = ((logic: Parameters<typeof original.createActor>[0], options?: { inspect?: unknown }) => {
    const actor = original.createActor(logic, options as never);
    if (options?.inspect !== undefined) observers.live += 1;
    const { system } = actor;
    const inspect = system.inspect.bind(system);
    system.inspect = (observer) => {
      const subscription = inspect(observer);
      let isLive = true;
      observers.live += 1;
      observers.ever += 1;
      return {
        unsubscribe: () => {
          subscription.unsubscribe();
          if (isLive) observers.live -= 1;
          isLive = false;
        },
      };
    };
    return actor;
  }) as typeof original.createActor;
  return { ...original, createActor };
});

const HOST = { host: "127.0.0.1:1517" };
let root: string;
let node: RunningNode;
let app: FastifyInstance;
let address: string;
const log = new LogTap();

async function start(traceFile?: string): Promise<void> {
  const { config } = resolveNodeConfig({ root, readFile: (path) => readFileSync(path, "utf8") });
  node = await startNode({ config, dialect: zip43, logger: memoryLogger(), threads: 2, ...(traceFile === undefined ? {} : { traceFile }) });
  app = Fastify();
  registerMetrics(app, node.watch);
  const identity = { name: "m1", type: "master", cluster: "tested" } as const;
  const inspected = { identity, actor: node.actor, taps: node.taps, log, clock: systemClock, peerName: (id: string) => node.peerName(id), secrets: [] };
  await app.register((scope) => registerInspector(scope, { node: inspected, open: true, stately: true, authorize: () => Promise.resolve(undefined) }).then(() => undefined));
  address = (await app.listen({ host: "127.0.0.1", port: 0 })).replace("http:", "ws:");
}

async function view(path: "ws" | "stately"): Promise<WebSocket> {
  const answer = await app.inject({ method: "POST", url: "/inspector/ticket", headers: HOST });
  const socket = new WebSocket(`${address}/inspector/${path}?ticket=${answer.json<{ ticket: string }>().ticket}`);
  await once(socket, "message");
  return socket;
}

const observing = (count: number): Promise<unknown> => waitUntil(() => observers.live === count, 20_000, `${String(count)} observers`);

beforeEach(async () => {
  observers.live = observers.ever = 0;
  root = await makeRoot({ kind: "master", name: "m1", port: await freePort(), key: "0123456789abcdefghijklmnopqrstuv", cluster: "tested" });
});
afterEach(async () => {
  await app.close();
  node.stop();
  await node.ended;
  await rm(root, { recursive: true, force: true });
});

test("nobody observes a node before a viewer is there, nor after the last one has left", async () => {
  await start();
  await waitUntil(() => node.actor.getSnapshot().value === "running", 20_000, "a running master");
  expect(observers).toEqual({ live: 0, ever: 0 });
  const viewers = [await view("ws"), await view("ws")];
  expect(observers).toEqual({ live: 1, ever: 1 });
  expect([node.taps.onMessage, node.taps.onTransfer, log.onLine].map((tap) => typeof tap)).toEqual(["function", "function", "function"]);
  viewers[0]?.close();
  const stately = await view("stately");
  expect(observers.live).toBe(2);
  // One says goodbye, one is cut off, as a page in a browser that crashed.
  viewers[1]?.terminate();
  await observing(1);
  expect([node.taps.onMessage, node.taps.onTransfer, log.onLine]).toEqual([undefined, undefined, undefined]);
  stately.close();
  await observing(0);
});

test("a scrape observes, a viewer beside it too, and each ends by itself", async () => {
  await start();
  await app.inject({ url: "/metrics" });
  expect(observers.live).toBe(1);
  const viewer = await view("ws");
  expect(observers.live).toBe(2);
  viewer.close();
  await observing(1);
});

test("a trace observes from the start to the end, alone", async () => {
  await start(join(root, "trace.jsonl"));
  expect(observers).toEqual({ live: 1, ever: 1 });
  node.stop();
  await node.ended;
  expect(observers.live).toBe(0);
});
