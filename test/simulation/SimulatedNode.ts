import type { AnyActor, AnyActorRef } from "xstate";
import type { ClusterItems } from "../../src/config/ClusterItems.js";
import { defaultClusterItems } from "../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../src/config/Limits.js";
import type { NodeConfig } from "../../src/config/NodeConfig.js";
import { defaultSettings } from "../../src/config/settings/schema.js";
import { ClusterKeys } from "../../src/node/ClusterKeys.js";
import { FileIndexer } from "../../src/node/FileIndexer.js";
import { MasterNode } from "../../src/node/master/MasterNode.js";
import { NodeTaps } from "../../src/node/NodeTaps.js";
import { cleanTransferFolders, makeNodeFolders } from "../../src/node/nodeFolders.js";
import { WorkerNode } from "../../src/node/worker/WorkerNode.js";
import type { RandomSource } from "../../src/protocol/Clock.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import type { Logger, LogLevel } from "../../src/telemetry/Logger.js";
import type { Disk } from "../../src/integrity/Disk.js";
import type { JobKind } from "../../workers/jobs.js";
import { SimulatedDisk, type DiskGuard, type DiskWitness } from "./SimulatedDisk.js";
import type { SimulatedNetwork } from "./SimulatedNetwork.js";
import { simulatedNodeDisk } from "./simulatedNodeDisk.js";
import { SimulatedPool } from "./SimulatedPool.js";
import { SimulatedStore } from "./SimulatedStore.js";
import { Life, type SimulatedTime } from "./SimulatedTime.js";

export const ROOT = "/muster";
export const CLUSTER_KEY = "0123456789abcdef0123456789abcdef";
export const MASTER_ADDRESS = { host: "master", port: 1516 };
export const CLUSTER_NAME = "simulated";

/** Short intervals and small pieces, so that a short history sees much. */
const { intervals, ...FILES } = defaultClusterItems();
export const ITEMS: ClusterItems = {
  ...FILES,
  intervals: {
    worker: { ...intervals.worker, syncIntegrity: 2, syncAgentInfo: 3, syncAgentInfoKoRetry: 1, keepAlive: 4, connectionRetry: 1.5, maxFailedKeepaliveAttempts: 2 },
    master: { ...intervals.master, recalculateIntegrity: 1.5, checkWorkerLastKeepalive: 4, maxAllowedTimeWithoutKeepalive: 12 },
    communication: { ...intervals.communication, timeoutClusterRequest: 4, timeoutDapiRequest: 20, timeoutReceivingFile: 15 },
  },
};
const SETTINGS = defaultSettings();
const LIMITS = { ...DEFAULT_LIMITS, transferChunkBytes: 4096, inlineCryptoBytes: 2048 };

export interface SimulatedNodeOptions {
  readonly name: string;
  readonly type: "master" | "worker";
  readonly time: SimulatedTime;
  readonly network: SimulatedNetwork;
  readonly random: RandomSource & { below(bound: number): number };
  readonly guard: DiskGuard;
  readonly witness: DiskWitness;
  readonly tell: (node: string, level: LogLevel, text: string) => void;
}

/** A machine with one node on it: disk and store stay, processes come and go. */
export class SimulatedNode {
  readonly name: string;
  readonly type: "master" | "worker";
  readonly disk: SimulatedDisk;
  readonly store: SimulatedStore;
  life: Life | undefined;
  /** Undefined while no process runs, or as long as it has not come so far. */
  node: MasterNode | WorkerNode | undefined;
  pool: SimulatedPool | undefined;
  /** Milliseconds by which the machine's wall clock is wrong. */
  wallOffset = 0;
  /** A planted bug: now and then the end of such a job is never heard of. */
  losesJobs: JobKind | undefined;
  #planted: (disk: Disk) => Disk = (disk) => disk;
  readonly #options: SimulatedNodeOptions;

  constructor(options: SimulatedNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.type = options.type;
    const wallTime = options.time.clockOf(new Life(options.name), () => this.wallOffset).wallTime;
    this.disk = new SimulatedDisk(wallTime);
    this.store = new SimulatedStore(wallTime);
  }

  /** Puts a bug between the node's next processes and their disk. */
  plant(bug: (disk: Disk) => Disk): void {
    this.#planted = bug;
  }

  /** Starts a process, as src/node/startNode.ts does, without what belongs to one machine alone: its local socket. */
  start(): void {
    const { name, type, time, network, random, guard, witness, tell } = this.#options;
    const life = new Life(name);
    this.life = life;
    const clock = time.clockOf(life, () => this.wallOffset);
    const quick = (): number => 0.05 * (1 + random.below(40));
    const disk = this.#planted(this.disk.of(life, guard, witness));
    const nodeDisk = simulatedNodeDisk(time, life, disk, quick);
    const loses = (kind: JobKind): boolean => kind === this.losesJobs && random.below(4) === 0;
    const pool = new SimulatedPool({ time, life, disk, wallTime: clock.wallTime, loses, delay: () => (random.below(60) === 0 ? 100 * random.below(40) : quick()) });
    this.pool = pool;
    const config: NodeConfig = {
      root: ROOT,
      cluster: { name: CLUSTER_NAME, nodeName: name, nodeType: type, key: CLUSTER_KEY, port: MASTER_ADDRESS.port, bindAddress: "0.0.0.0", nodes: [MASTER_ADDRESS.host], hidden: "no", disabled: false, extra: {} },
      dialect: zip43,
      items: ITEMS,
      itemsByDialect: { [zip43.id]: ITEMS },
      limits: LIMITS,
      settings: SETTINGS,
      keys: [CLUSTER_KEY],
      keyFiles: [],
    };
    const scope = { root: ROOT, nodeName: name, items: ITEMS, dialect: zip43, limits: LIMITS };
    const logger = loggerOf((level, text) => tell(name, level, text));
    const services = {
      config,
      scope,
      clock,
      random,
      network: network.of(life),
      disk: nodeDisk,
      pool,
      indexer: new FileIndexer({ pool, scope, onProblem: ({ path, message }) => logger.warn(`${path} is left out: ${message}`) }),
      store: this.store.of(time, life, clock, quick),
      logger,
      keys: new ClusterKeys([CLUSTER_KEY], pool),
      tls: undefined,
      taps: new NodeTaps(),
      workersMayChange: false,
      steps: () => [],
    };
    const begin = async (): Promise<void> => {
      await makeNodeFolders(nodeDisk, ROOT, name);
      await cleanTransferFolders(nodeDisk, ROOT);
      this.node = type === "master" ? new MasterNode(services) : new WorkerNode(services);
      this.node.actor.start();
      if (this.node instanceof WorkerNode) this.node.actor.send({ type: "STARTED" });
    };
    begin().catch((error: unknown) => {
      tell(name, "error", `the node can't start: ${String(error)}`);
      this.kill(false);
    });
  }

  /** kill -9, or, `silently`, the whole machine loses its power: its peers hear nothing. */
  kill(silently: boolean): void {
    if (this.life === undefined) return;
    this.life.isAlive = false;
    this.#options.network.processEnded(this.life, silently);
    this.life = undefined;
    this.node = undefined;
    this.pool = undefined;
  }

  /** All actors of the node with their paths, the root first. */
  *actors(): Generator<readonly [path: string, actor: AnyActorRef]> {
    if (this.node !== undefined) yield* below(this.type, this.node.actor as AnyActor);
  }
}

function* below(path: string, actor: AnyActorRef): Generator<readonly [string, AnyActorRef]> {
  const snapshot = actor.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>>; readonly value?: unknown };
  if (snapshot.value === undefined) return;
  yield [path, actor];
  for (const [id, child] of Object.entries(snapshot.children ?? {})) yield* below(`${path}/${id}`, child);
}

function loggerOf(tell: (level: LogLevel, text: string) => void): Logger {
  const logger: Logger = {
    error: (text) => tell("error", text),
    warn: (text) => tell("warning", text),
    info: (text) => tell("info", text),
    debug: (text) => tell("debug", text),
    trace: (text) => tell("debug2", text),
    isEnabled: () => true,
    child: () => logger,
  };
  return logger;
}
