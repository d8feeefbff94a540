import { isDeepStrictEqual } from "node:util";
import type { Dialect } from "../../src/protocol/dialects/Dialect.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { expect } from "vitest";
import { freePort } from "./freePort.js";
import { QUICK_CLUSTER_JSON } from "./nodeRoot.js";
import { RawWorker, type RawWorkerOptions } from "./peer/RawWorker.js";
import { TestNode } from "./TestNode.js";
import { waitUntil } from "./waitUntil.js";

export const TEST_KEY = "0123456789abcdefghijklmnopqrstuv";
export const TEST_CLUSTER = "tested";
const WORKER_MACHINES = { files: ["integrityCheck", "integrityApply", "extraValidSend", "agentInfoSend"], store: ["integrityCheck", "integrityApply", "agentInfoSend"] };
const TIMEOUT = 150_000;

export interface TestClusterOptions {
  /** @default one worker, w1 */
  readonly workers?: readonly string[];
  /** @default QUICK_CLUSTER_JSON */
  readonly clusterJson?: object;
  /** What all nodes speak. @default dialect 4.3-zip */
  readonly dialect?: Dialect;
}

/** A worker as `get_health` shows it, as far as tests look. */
export interface WorkerStatus {
  readonly info: {
    readonly name: string;
    readonly type: string;
    readonly version: string;
    readonly ip: string;
    readonly n_active_agents: number;
  };
  readonly status: {
    readonly sync_integrity_free: boolean;
    readonly sync_extravalid_free: boolean;
    readonly last_sync_integrity: {
      readonly total_extra_valid: number;
      readonly total_files: Readonly<Record<string, number>>;
    };
    readonly last_sync_agentinfo: { readonly n_synced_chunks: number };
  };
}

export interface Health {
  readonly n_connected_nodes: number;
  readonly nodes: Readonly<Record<string, WorkerStatus>>;
}

/** A master and workers in roots of their own on a free port, of which any may run. */
export class TestCluster {
  readonly port: number;
  readonly master: TestNode;
  readonly workers: readonly TestNode[];
  readonly #peers: RawWorker[] = [];
  readonly #clusterJson: object;
  readonly dialect: Dialect;
  readonly #others: TestNode[] = [];

  private constructor(port: number, nodes: { master: TestNode; workers: readonly TestNode[] }, clusterJson: object, dialect: Dialect) {
    this.dialect = dialect;
    this.port = port;
    this.master = nodes.master;
    this.workers = nodes.workers;
    this.#clusterJson = clusterJson;
  }

  static async create({
    workers = ["w1"],
    clusterJson = QUICK_CLUSTER_JSON,
    dialect = zip43,
  }: TestClusterOptions = {}): Promise<TestCluster> {
    const port = await freePort();
    const common = { port, key: TEST_KEY, cluster: TEST_CLUSTER, clusterJson, dialect: dialect.id };
    const master = await TestNode.create({ kind: "master", name: "m1", ...common });
    const nodes = await Promise.all(workers.map((name) => TestNode.create({ kind: "worker", name, ...common })));
    return new TestCluster(port, { master, workers: nodes }, clusterJson, dialect);
  }

  /** The first worker, for tests with one. */
  get worker(): TestNode {
    const [first] = this.workers;
    if (first === undefined) throw new Error("this cluster has no worker");
    return first;
  }

  /** Starts the master, and the workers once it serves. */
  async start(): Promise<void> {
    await this.startMaster();
    for (const worker of this.workers) worker.start();
  }

  async startMaster(): Promise<void> {
    await this.master.start().waitForLog("Serving on");
  }

  /** Another worker's root, with settings of its own. */
  async addWorker(
    name: string,
    settings: { key?: string; cluster?: string; clusterJson?: object; dialect?: string } = {},
  ): Promise<TestNode> {
    const common = { port: this.port, key: TEST_KEY, cluster: TEST_CLUSTER, clusterJson: this.#clusterJson, dialect: this.dialect.id };
    const node = await TestNode.create({ kind: "worker", name, ...common, ...settings });
    this.#others.push(node);
    return node;
  }

  /** A connection of the tests' own peer to the master, without a hello. */
  async connect(settings: Partial<RawWorkerOptions> = {}): Promise<RawWorker> {
    const peer = await RawWorker.connect({
      port: this.port,
      name: "raw",
      key: TEST_KEY,
      cluster: TEST_CLUSTER,
      version: this.dialect.version,
      ...settings,
    });
    this.#peers.push(peer);
    return peer;
  }

  /** The same with a hello. @throws PeerRefusal */
  async join(settings: Partial<RawWorkerOptions> = {}): Promise<RawWorker> {
    const peer = await this.connect(settings);
    await peer.hello();
    return peer;
  }

  /** What the master tells of its workers, asked by a peer that says goodbye afterwards. */
  async health(): Promise<Health> {
    const observer = await this.join({ name: "observer" });
    try {
      return (await observer.askJson("get_health", null)) as Health;
    } finally {
      observer.link.close();
      await observer.link.closed;
    }
  }

  /** Waits until every worker holds what the master holds, and has been told that it does. */
  async inStep(workers = this.workers, timeout = TIMEOUT): Promise<void> {
    await Promise.all(workers.map((worker) => this.#inStep(worker, timeout)));
  }

  /**
   * Waits until nothing is left of what went on: trees are equal, every process on both sides is free,
   * and no transferred file remains.
   */
  async settled(): Promise<void> {
    await this.inStep();
    await waitUntil(
      async () => {
        const { nodes } = await this.health();
        for (const { name } of this.workers) {
          expect({ name, ...nodes[name]?.status }).toMatchObject({
            name,
            sync_integrity_free: true,
            ...(this.dialect.rules.agentGroups === "files" ? { sync_extravalid_free: true } : {}),
          });
        }
        return true;
      },
      TIMEOUT,
      "free processes of every worker on the master",
    );
    for (const worker of this.workers) {
      await waitUntil(
        async () => {
          const states = await worker.states();
          const machines = WORKER_MACHINES[this.dialect.rules.agentGroups];
          expect(machines.map((machine) => `${machine} ${states[machine]}`)).toEqual(machines.map((machine) => `${machine} free`));
          return true;
        },
        TIMEOUT,
        `free processes on ${worker.name}`,
      );
    }
    for (const node of [this.master, ...this.workers]) await node.cleared();
  }

  /** Ends the connections of the tests' own peers, so that their names are free again. */
  async disconnect(): Promise<void> {
    const links = this.#peers.splice(0).map(({ link }) => link);
    for (const link of links) link.close();
    await Promise.all(links.map((link) => link.closed));
  }

  /** Ends all processes and removes all roots. */
  async dispose(): Promise<void> {
    await this.disconnect();
    await Promise.all([this.master, ...this.workers, ...this.#others].map((node) => node.dispose()));
  }

  async #inStep(worker: TestNode, timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    for (;;) {
      const left = deadline - performance.now();
      if (left > 0) await worker.inStep(left).catch(() => undefined);
      const trees = await Promise.all([this.master.tree(), worker.tree()]).catch((error: unknown) => {
        // A file can go while its tree is read; only the last look must succeed.
        if (left <= 0) throw error;
      });
      if (trees === undefined) continue;
      const [wanted, found] = trees;
      if (left > 0 && worker.process.end === undefined && !isDeepStrictEqual(wanted, found)) continue;
      expect(found, `the tree of ${worker.name}; its last lines:\n${worker.process.tail()}`).toEqual(wanted);
      if (left <= 0)
        throw new Error(
          `${worker.name} said of no round that nothing was to be done. Last lines:\n${worker.process.tail()}`,
        );
      return;
    }
  }
}
