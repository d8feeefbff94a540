import { availableParallelism } from "node:os";
import type { AnyActor } from "xstate";
import type { AgentStore } from "../agents/AgentStore.js";
import type { ClusterItems } from "../config/ClusterItems.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { AskNode } from "../dapi/AskNode.js";
import type { Catalogue } from "../dapi/catalogue/Catalogue.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { Logger } from "../telemetry/Logger.js";
import type { NodeScope } from "../../workers/jobs.js";
import { clusterKeys } from "./cryptOffload.js";
import { FileIndexer } from "./FileIndexer.js";
import { refuseSecondNode } from "./local/LocalServer.js";
import { MasterNode } from "./master/MasterNode.js";
import { cleanTransferFolders, makeNodeFolders } from "./nodeFolders.js";
import { createAgentStore } from "./ports/agentStore.js";
import { systemClock } from "./ports/systemClock.js";
import { systemRandom } from "./ports/systemRandom.js";
import { ThreadPool } from "./ports/ThreadPool.js";
import { TransitionTrace } from "./TransitionTrace.js";
import { WorkerNode } from "./worker/WorkerNode.js";

export interface StartNodeOptions {
  readonly config: NodeConfig;
  /** What the node speaks, with the version that it sends; a master may leave it, see `followWorkers`. */
  readonly dialect: Dialect;
  /**
   * For a master that no setting names a dialect for: it takes that of its workers. cluster.json over the defaults of
   * each dialect, by the dialect's id. @default none: it stays with `dialect`
   */
  readonly followWorkers?: ReadonlyMap<string, ClusterItems>;
  readonly logger: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** Serve the embedded agent store on `queue/db/wdb` for other programs. @default false */
  readonly serveWdb?: boolean;
  /** Write every change of a machine's state to this file. */
  readonly traceFile?: string;
  /** May workers ask this master for functions that change something, for example a restart? @default false */
  readonly workersMayChange?: boolean;
  /** Threads of the pool. @default one per core, at least two */
  readonly threads?: number;
}

/** How a node's life ended. */
export interface NodeEnd {
  /** Null after a clean stop. */
  readonly error: Error | null;
}

/** A node that runs. */
export interface RunningNode {
  /** The root of its actors: `master` or `worker`. */
  readonly actor: AnyActor;
  readonly store: AgentStore;
  /** The distributed API for callers in this process. */
  readonly api: { readonly ask: AskNode; readonly catalogue: Catalogue };
  /** Resolves when the node has ended, by `stop` or by a failure; never rejects. */
  readonly ended: Promise<NodeEnd>;
  /** Asks the node to close its connections and end. */
  stop(): void;
}

/**
 * Starts a node: makes its folders, removes what an earlier life left in the middle of transfers,
 * and sets its actors going.
 *
 * @throws Error when a folder can't be made: the text names it; MusterError 1000 when a node runs in this root already
 */
export async function startNode(options: StartNodeOptions): Promise<RunningNode> {
  const { config, dialect, logger, clock = systemClock, random = systemRandom } = options;
  const { root, cluster, items, limits } = config;
  await makeNodeFolders(root, cluster.nodeName);
  await refuseSecondNode(root);
  await cleanTransferFolders(root);
  const pool = new ThreadPool({
    threads: options.threads ?? Math.max(2, availableParallelism()),
    onThreadError: (error) => {
      logger.error(`A thread of the pool died: ${error.message}`);
    },
  });
  // The one thing of a node that may change while it runs: the work reads it anew each time.
  const scope: { -readonly [Key in keyof NodeScope]: NodeScope[Key] } = { root, nodeName: cluster.nodeName, items, dialect, limits };
  const indexer = new FileIndexer({
    pool,
    scope,
    onProblem: ({ path, message }) => {
      logger.child({ subtag: "Local integrity" }).warn(`${path} is left out: ${message}`);
    },
  });
  const store = await createAgentStore({
    root,
    clock,
    random,
    serve: options.serveWdb ?? false,
    notice: (text) => {
      logger.child({ subtag: "Agent store" }).info(text);
    },
  });
  const { followWorkers } = options;
  const speak =
    followWorkers === undefined
      ? undefined
      : (spoken: Dialect): void => {
          scope.dialect = spoken;
          scope.items = followWorkers.get(spoken.id) ?? items;
        };
  const keys = clusterKeys([cluster.key], pool);
  const services = { config, scope, clock, random, pool, indexer, store, logger, keys, workersMayChange: options.workersMayChange ?? false };
  const node = cluster.nodeType === "master" ? new MasterNode({ ...services, speak }) : new WorkerNode(services);
  const actor: AnyActor = node.actor;
  try {
    await node.api.start();
  } catch (error) {
    await store.close().catch(() => undefined);
    await pool.close().catch(() => undefined);
    throw error;
  }
  const trace =
    options.traceFile === undefined
      ? undefined
      : new TransitionTrace(actor, {
          file: options.traceFile,
          node: cluster.nodeName,
          clock,
          peerName: (id) => (node instanceof MasterNode ? node.peerName(id) : undefined),
          onTrouble: (error) => {
            logger.error(`The trace can't be written: ${error.message}`);
          },
        });

  const ended = new Promise<NodeEnd>((resolve) => {
    const finish = async (error: Error | null): Promise<void> => {
      node.api.close();
      if (node instanceof MasterNode) node.dispose();
      await store.close().catch(() => undefined);
      await pool.close().catch(() => undefined);
      await trace?.close();
      resolve({ error });
    };
    actor.subscribe({
      // A root that fails for lack of a listener, say, keeps the reason in its context.
      complete: () => void finish(failureOf(actor)),
      error: (error) => void finish(error instanceof Error ? error : new Error(String(error))),
    });
  });
  actor.start();
  if (cluster.nodeType === "worker") actor.send({ type: "STARTED" });
  return {
    actor,
    store,
    api: { ask: node.api.ask, catalogue: node.api.catalogue },
    ended,
    stop: () => {
      actor.send({ type: "STOP_REQUESTED" });
    },
  };
}

function failureOf(actor: AnyActor): Error | null {
  const snapshot = actor.getSnapshot() as { value?: unknown; context?: { lastError?: { message: string } | null } };
  return snapshot.value === "failed" ? new Error(snapshot.context?.lastError?.message ?? "the node failed") : null;
}
