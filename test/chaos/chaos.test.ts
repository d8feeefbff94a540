import { randomBytes, randomInt } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Libsql from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../support/seededRandom.js";
import { runCommand } from "../support/processes.js";
import { TcpProxy } from "../support/TcpProxy.js";
import { TemporaryMount } from "../support/TemporaryMount.js";
import { TestCluster } from "../support/TestCluster.js";
import type { TestNode } from "../support/TestNode.js";
import { waitUntil } from "../support/waitUntil.js";

const MINUTES = Number(process.env["MUSTER_CHAOS_MINUTES"] ?? 2);
const SEED = Number(process.env["MUSTER_CHAOS_SEED"] ?? randomInt(2 ** 31));
const WORKERS = ["w1", "w2", "w3", "w4", "w5"];
const INTERVALS = {
  intervals: {
    worker: { sync_integrity: 1, sync_agent_info: 1, keep_alive: 2, connection_retry: 0.5 },
    master: { recalculate_integrity: 1, check_worker_lastkeepalive: 2, max_allowed_time_without_keepalive: 10 },
    communication: { timeout_cluster_request: 5, timeout_receiving_file: 20 },
  },
};
/** Milliseconds for the cluster to come into step on a machine that does much else. */
const CONVERGENCE = 180_000;
/** Milliseconds of quiet before memory and descriptors are counted. */
const QUIET = 5_000;
/** What a node's memory may have grown by without being a leak: heaps are not given back at once. */
const GROWTH_ALLOWED = 96;
const DESCRIPTORS_ALLOWED = 12;
const FOLDERS = ["etc/rules", "etc/lists", "etc/shared/default", "etc/shared/office", "etc/decoders"];

const chance = seededRandom(SEED);
const faults: Record<string, number> = {};
let cluster: TestCluster;
const proxies = new Map<TestNode, TcpProxy>();
const mounts: TemporaryMount[] = [];
const frozen = new Set<TestNode>();
const versions = new Map<string, string>();
let changes = 0;

const count = (what: string): void => {
  faults[what] = (faults[what] ?? 0) + 1;
};
const pick = <Item>(items: readonly Item[]): Item => items[chance.below(items.length)] as Item;
const everyNode = (): readonly TestNode[] => [cluster.master, ...cluster.workers];

beforeAll(async () => {
  cluster = await TestCluster.create({ workers: WORKERS, clusterJson: INTERVALS });
  for (const worker of cluster.workers) {
    const proxy = await TcpProxy.listen(cluster.port);
    proxies.set(worker, proxy);
    const conf = (await worker.read("etc/ossec.conf")).replace(/<port>\d+/, `<port>${proxy.port}`);
    await worker.write({ "etc/ossec.conf": { content: conf, mode: 0o640 } });
  }
  await cluster.master.write({ "etc/client.keys": { content: keys(), mode: 0o640 }, "etc/rules/first.xml": "first" });
  for (const [at, worker] of cluster.workers.slice(0, 2).entries()) {
    const folder = join(worker.root, "queue/cluster");
    await mkdir(folder, { recursive: true });
    const made = await TemporaryMount.make(folder, "size=8m");
    if (typeof made === "string") console.log(`skipped: full disks: ${made}`);
    else mounts[at] = made;
  }
  console.log("skipped: jumps of the wall clock: all processes of a machine have the same one, and to set it takes the whole machine");
  await cluster.start();
  await importAgents(cluster.master, WORKERS.map((_, at) => ({ id: idOf(at), name: `agent-${idOf(at)}`, sync_status: "synced" })));
}, 300_000);

afterAll(async () => {
  for (const node of everyNode()) await node.kill().catch(() => undefined);
  for (const mount of mounts) await mount?.end();
  for (const proxy of proxies.values()) await proxy.close();
  await cluster.dispose();
}, 120_000);

test(`${String(MINUTES)} minutes of chaos with seed ${String(SEED)}`, { timeout: MINUTES * 60_000 + 1_200_000 }, async () => {
  await cluster.inStep(cluster.workers, CONVERGENCE);
  await delay(QUIET);
  const before = await Promise.all(everyNode().map(measure));
  const rounds = roundsOf(cluster.master);
  const end = performance.now() + MINUTES * 60_000;
  while (performance.now() < end) {
    await change().catch((error: unknown) => console.log(`a change failed: ${String(error)}`));
    if (chance.below(3) === 0) await strike();
    await delay(100 + chance.below(900));
  }
  await heal();
  await cluster.master.write({ "etc/rules/last.xml": "last" });
  await cluster.inStep(cluster.workers, CONVERGENCE);
  await waitUntil(() => storesAgree(), CONVERGENCE, "the master's knowledge of all agents");
  for (const node of everyNode()) await node.cleared();
  await delay(QUIET);
  const after = await Promise.all(everyNode().map(measure));

  const done = roundsOf(cluster.master) - rounds;
  console.log(`${String(sum(faults))} faults ${JSON.stringify(faults)}, ${String(changes)} changes, ${String(done)} rounds in the last life of the master, and:`);
  for (const [at, node] of everyNode().entries()) {
    const [first, last] = [before[at] as Measure, after[at] as Measure];
    const growth = `${first.mebibytes.toFixed(0)} → ${last.mebibytes.toFixed(0)} MiB, ${String(first.descriptors)} → ${String(last.descriptors)} descriptors`;
    console.log(`  ${node.name}: ${growth}, ${first.pid === last.pid ? "never killed" : "another process than before"}`);
    expect(last.descriptors, `${node.name}: ${growth}`).toBeLessThanOrEqual(first.descriptors + DESCRIPTORS_ALLOWED);
    expect(last.mebibytes, `${node.name}: ${growth}`).toBeLessThanOrEqual(first.mebibytes + GROWTH_ALLOWED);
  }
});

/** Somebody changes a file on the master, or an agent reports to its worker. */
async function change(): Promise<void> {
  changes += 1;
  const { master, workers } = cluster;
  const path = `${pick(FOLDERS)}/file-${String(chance.below(40))}`;
  switch (chance.below(6)) {
    case 0:
      return await rm(join(master.root, path), { force: true });
    case 1:
      return await master.write({ [path]: randomBytes(chance.below(4 * 1024 * 1024)) });
    case 2: {
      const at = chance.below(workers.length);
      const version = `v${String(changes)}`;
      versions.set(idOf(at), version);
      return await importAgents(workers[at] as TestNode, [{ id: idOf(at), name: `agent-${idOf(at)}`, version, node_name: WORKERS[at] }]);
    }
    case 3:
      return await pick(workers).write({ [path]: `changed on a worker ${String(changes)}` });
    default:
      return await master.write({ [path]: `version ${String(changes)}` });
  }
}

async function strike(): Promise<void> {
  const node = pick(everyNode());
  const worker = pick(cluster.workers);
  const proxy = proxies.get(worker);
  switch (chance.below(7)) {
    case 0:
    case 1:
      count("killed");
      frozen.delete(node);
      await node.kill();
      await delay(chance.below(1_000));
      node.start();
      return;
    case 2:
      if (frozen.has(node)) return;
      count("frozen");
      frozen.add(node);
      node.process.signal("SIGSTOP");
      void delay(500 + chance.below(8_000)).then(() => {
        if (frozen.delete(node)) node.process.signal("SIGCONT");
      });
      return;
    case 3:
      count("cut");
      return proxy?.cut();
    case 4:
      count("silent");
      return proxy?.freeze();
    case 5:
      count("slow");
      if (proxy === undefined) return;
      proxy.rate = 8 * 1024;
      void delay(1_000 + chance.below(5_000)).then(() => {
        proxy.rate = Infinity;
      });
      return;
    default: {
      const at = chance.below(2);
      const folder = join((cluster.workers[at] as TestNode).root, "queue/cluster", "ballast");
      if (mounts[at] === undefined) return;
      count("full");
      await writeFile(folder, randomBytes(16 * 1024 * 1024)).catch(() => undefined);
      void delay(1_000 + chance.below(4_000)).then(() => rm(folder, { force: true }));
    }
  }
}

async function heal(): Promise<void> {
  for (const node of frozen) node.process.signal("SIGCONT");
  frozen.clear();
  for (const proxy of proxies.values()) proxy.rate = Infinity;
  for (const [at] of mounts.entries()) await rm(join((cluster.workers[at] as TestNode).root, "queue/cluster/ballast"), { force: true });
  // Those that ended by themselves would hide in a restart: they are told.
  for (const node of everyNode()) expect(node.process.end, `${node.name} ended by itself. Last lines:\n${node.process.tail()}`).toBeUndefined();
}

interface Measure {
  readonly pid: number;
  readonly mebibytes: number;
  readonly descriptors: number;
}

async function measure(node: TestNode): Promise<Measure> {
  const { pid } = node.process;
  const status = await readFile(`/proc/${String(pid)}/status`, "utf8");
  const descriptors = (await readdir(`/proc/${String(pid)}/fd`)).length;
  return { pid, mebibytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, descriptors };
}

function storesAgree(): boolean {
  const database = new Libsql(join(cluster.master.root, "queue/db/global.db"), { readonly: true, timeout: 5_000 });
  try {
    const rows = database.prepare("select id, version from agent where id > 0 and version is not null").all() as { id: number; version: string }[];
    const known = new Map(rows.map(({ id, version }) => [String(id).padStart(3, "0"), version]));
    for (const [id, version] of versions) expect({ id, version: known.get(id) }).toEqual({ id, version });
    return true;
  } finally {
    database.close();
  }
}

async function importAgents(node: TestNode, agents: readonly object[]): Promise<void> {
  const file = join(node.root, "agents.json");
  await writeFile(file, JSON.stringify(agents));
  const { status, output } = await runCommand(["agents", "--root", node.root, "import", file]);
  expect(status, output).toBe(0);
}

function roundsOf(node: TestNode): number {
  return node.process.logs.filter(({ message }) => /Sync (not )?required/.test(message)).length;
}

function idOf(at: number): string {
  return String(at + 1).padStart(3, "0");
}

function keys(): string {
  return WORKERS.map((_, at) => `${idOf(at)} agent-${idOf(at)} any ${"0123456789abcdef".repeat(4)}\n`).join("");
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}
