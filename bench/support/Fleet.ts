import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { configOf } from "../../src/library/configOf.js";
import { ClusterKeys } from "../../src/node/ClusterKeys.js";
import { FileIndexer } from "../../src/node/FileIndexer.js";
import { ThreadPool } from "../../src/node/ports/ThreadPool.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { BENCH_CLUSTER, BENCH_KEY } from "./BenchNode.js";
import { FleetWorker, type FleetShare, type PackedIndex } from "./FleetWorker.js";

/** Hellos at a time: a cluster's workers do not all start in the same millisecond. */
const HELLOS_AT_ONCE = 50;

/** Seconds: a busy machine shows in the time, not in a failure. */
const PATIENT = { "intervals.communication.timeout_cluster_request": 300 };

/** Simulated workers in this process, over one root. */
export class Fleet {
  readonly workers: FleetWorker[] = [];
  readonly #share: FleetShare;
  readonly #indexer: FileIndexer;
  #packed = 0;

  private constructor(share: FleetShare, indexer: FileIndexer) {
    this.#share = share;
    this.#indexer = indexer;
  }

  /** @param root holds what these workers are to say that they hold */
  static async make(root: string, port: number): Promise<Fleet> {
    await mkdir(join(root, "queue/cluster"), { recursive: true });
    const { config } = await configOf("worker", { root, name: "fleet", cluster: BENCH_CLUSTER, key: BENCH_KEY, port, master: "127.0.0.1", set: PATIENT });
    const pool = new ThreadPool({ threads: 1 });
    const scope = { root, nodeName: "fleet", items: config.items, dialect: zip43, limits: config.limits };
    return new Fleet({ config, pool, keys: new ClusterKeys(config.keys, pool) }, new FileIndexer({ pool, scope, onProblem: () => undefined }));
  }

  get root(): string {
    return this.#share.config.root;
  }

  /** Lets workers join: `<prefix>-0001` and so on. */
  async join(count: number, prefix = "f"): Promise<readonly FleetWorker[]> {
    const names = Array.from({ length: count }, (_, at) => `${prefix}-${String(at + 1).padStart(4, "0")}`);
    const joined: FleetWorker[] = [];
    for (let at = 0; at < count; at += HELLOS_AT_ONCE) {
      joined.push(...(await Promise.all(names.slice(at, at + HELLOS_AT_ONCE).map((name) => FleetWorker.join(name, this.#share)))));
    }
    this.workers.push(...joined);
    return joined;
  }

  /** The index of the root as it is now, packed. */
  async packIndex(): Promise<PackedIndex> {
    const { pool, config } = this.#share;
    const { root, items, limits } = config;
    await this.#indexer.refresh(new AbortController().signal);
    const index = this.#indexer.current;
    if (index === undefined) throw new Error("the fleet's root was not indexed");
    this.#packed += 1;
    const path = `queue/cluster/index-${String(this.#packed)}.zip`;
    const scope = { root, nodeName: "fleet", items, dialect: zip43, limits };
    const { sha256 } = await pool.run<"packIndex">({ kind: "packIndex", scope, index: index.buffer, destination: join(root, path) });
    return { path, sha256 };
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.#share.pool.close();
  }
}
