import Fastify, { type FastifyInstance } from "fastify";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveNodeConfig } from "../../../src/config/resolveNodeConfig.js";
import { registerMetrics } from "../../../src/http/metrics/registerMetrics.js";
import { startNode, type RunningNode } from "../../../src/node/startNode.js";
import { zip43 } from "../../../src/protocol/dialects/zip43.js";
import { memoryLogger, type MemoryLogger } from "../../support/memoryLogger.js";
import { freePort, makeRoot, waitUntil, writeTree } from "../../support/processes.js";

const KEY = "0123456789abcdefghijklmnopqrstuv";
const OUT_OF_STEP_AFTER = 1;

interface Node {
  readonly root: string;
  readonly logger: MemoryLogger;
  readonly running: RunningNode;
  readonly app: FastifyInstance;
}

async function start(kind: "master" | "worker", port: number, files: Parameters<typeof writeTree>[1]): Promise<Node> {
  const name = kind === "master" ? "m1" : "w1";
  const root = await makeRoot({ kind, name, port, key: KEY, cluster: "tested" });
  await writeTree(root, files);
  const { config } = resolveNodeConfig({ root, readFile: (path) => readFileSync(path, "utf8") });
  const logger = memoryLogger();
  const limits = { ...config.limits, outOfStepAfter: OUT_OF_STEP_AFTER };
  const running = await startNode({ config: { ...config, limits }, dialect: zip43, logger, threads: 2, version: "1.2.3" });
  const app = Fastify();
  registerMetrics(app, running.watch);
  return { root, logger, running, app };
}

async function stop({ root, running, app }: Node): Promise<void> {
  await app.close();
  running.stop();
  await running.ended;
  await rm(root, { recursive: true, force: true });
}

/** The values of a scrape by name and labels, as they are printed. */
async function scrape({ app }: Node): Promise<ReadonlyMap<string, number>> {
  const { statusCode, body } = await app.inject({ url: "/metrics" });
  expect(statusCode).toBe(200);
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

/** Waits until a scrape shows a value that satisfies. */
async function shows(node: Node, metric: string, satisfies: (value: number | undefined) => boolean): Promise<ReadonlyMap<string, number>> {
  return waitUntil(
    async () => {
      const values = await scrape(node);
      if (!satisfies(values.get(metric))) throw new Error(`${metric} is ${String(values.get(metric))}`);
      return values;
    },
    30_000,
    metric,
  );
}

describe("metrics of a master and its worker", () => {
  let port: number;
  let master: Node;
  let worker: Node | undefined;

  beforeAll(async () => {
    port = await freePort();
    master = await start("master", port, { "etc/rules/local_rules.xml": "<group/>\n", "etc/lists/changed": "new" });
    await master.running.store.importAgents([{ id: 1, name: "web01", connection_status: "active" }, { id: 2, name: "db01", connection_status: "pending" }]);
    // Counts begin with the first scrape.
    await scrape(master);
    worker = await start("worker", port, { "etc/lists/changed": "old" });
    await scrape(worker);
  });
  afterAll(async () => {
    if (worker !== undefined) await stop(worker);
    await stop(master);
  });

  /** On a busy machine the worker may have been late before: how often it was told is StepWatch's own test. */
  const lastStepLine = (): string | undefined =>
    master.logger.lines.filter(({ message }) => /^Worker w1 is (in|out of) step/.test(message)).map(({ level, message }) => `${level}: ${message}`).at(-1);
  const theWorker = (): Node => {
    if (worker === undefined) throw new Error("the worker was stopped");
    return worker;
  };

  test("the master shows its worker in step, its processes' states, and what the synchronisation did", async () => {
    const values = await shows(master, 'muster_worker_in_step{worker="w1"}', (value) => value === 1);
    expect(values.get('muster_worker_connected{worker="w1"}')).toBe(1);
    expect(values.get("muster_connected_peers")).toBe(1);
    expect(values.get('muster_process_state{peer="",process="master",state="running"}')).toBe(1);
    expect(values.get('muster_process_state{peer="w1",process="workerPeer",state="connected"}')).toBe(1);
    expect([...values.keys()].filter((name) => name.startsWith('muster_process_state{peer="w1",process="integritySync"'))).toHaveLength(1);
    expect(values.get('muster_files_total{machine="integritySync",action="created"}')).toBe(1);
    expect(values.get('muster_files_total{machine="integritySync",action="overwritten"}')).toBe(1);
    expect(values.get('muster_rounds_total{machine="integritySync",result="succeeded"}')).toBeGreaterThanOrEqual(2);
    expect(values.get('muster_step_seconds_count{machine="integritySync",state="packing"}')).toBe(1);
    expect(values.get('muster_transfers_total{peer="w1",direction="out"}')).toBe(1);
    expect(values.get('muster_transfers_total{peer="w1",direction="in"}')).toBeGreaterThanOrEqual(2);
    expect(values.get('muster_bytes_total{peer="w1",direction="in"}')).toBeGreaterThan(values.get('muster_transfer_bytes_total{peer="w1",direction="in"}') ?? Infinity);
  });

  test("the worker shows the same from its side", async () => {
    const values = await shows(theWorker(), 'muster_worker_in_step{worker="w1"}', (value) => value === 1);
    expect(values.get('muster_process_state{peer="master",process="worker",state="connected"}')).toBe(1);
    expect(values.get('muster_files_total{machine="integrityApply",action="created"}')).toBe(1);
    expect(values.get('muster_files_total{machine="integrityApply",action="overwritten"}')).toBe(1);
    expect(values.get('muster_transfers_total{peer="master",direction="in"}')).toBe(1);
  });

  test("agents, queues, threads, pauses and the process itself are there", async () => {
    const values = await shows(master, 'muster_main_thread_pause_seconds{of="longest"}', (value) => value !== undefined);
    expect(values.get('muster_info{node="m1",type="master",cluster="tested",version="1.2.3",cluster_version="4.3.0"}')).toBe(1);
    expect(values.get('muster_agents{status="active"}')).toBe(1);
    expect(values.get('muster_agents{status="pending"}')).toBe(1);
    expect(values.get('muster_agents{status="disconnected"}')).toBe(0);
    expect(values.get('muster_agent_store_state{adapter="embedded",state="connected"}')).toBe(1);
    for (const queue of ["dapi", "sendsync"]) expect(values.get(`muster_queue_depth{queue="${queue}",part="waiting"}`)).toBe(0);
    expect(values.get('muster_queue_depth{queue="pool",part="waiting"}')).toBeGreaterThanOrEqual(0);
    expect(values.get("muster_pool_jobs_total")).toBeGreaterThan(0);
    expect(values.get('muster_pool_wait_seconds{of="p99"}')).toBeGreaterThanOrEqual(0);
    expect(values.get("muster_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(values.get("muster_cpu_seconds_total")).toBeGreaterThan(0);
  });

  test("a peer elsewhere is refused", async () => {
    const { statusCode, body } = await master.app.inject({ url: "/metrics", remoteAddress: "10.0.0.7", headers: { "x-forwarded-for": "127.0.0.1" } });
    expect([statusCode, JSON.parse(body).title]).toEqual([403, "Forbidden"]);
  });

  test("a worker that is gone is out of step after the setting: in the metrics and the log, and again when it is back", async () => {
    await stop(theWorker());
    worker = undefined;
    const values = await shows(master, 'muster_worker_out_of_step{worker="w1"}', (value) => value === 1);
    expect(values.get('muster_worker_connected{worker="w1"}')).toBe(0);
    expect(values.get('muster_worker_in_step{worker="w1"}')).toBe(0);
    expect(values.get('muster_worker_unconfirmed_seconds{worker="w1"}')).toBeGreaterThan(OUT_OF_STEP_AFTER);
    expect(lastStepLine()).toMatch(/^warning: Worker w1 is out of step: .*; it is not connected/);
    worker = await start("worker", port, {});
    await shows(master, 'muster_worker_in_step{worker="w1"}', (value) => value === 1);
    expect(lastStepLine()).toBe("info: Worker w1 is in step again.");
  });
});
