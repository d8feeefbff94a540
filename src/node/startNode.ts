import { availableParallelism } from "node:os";
import type { AnyActor } from "xstate";
import type { AgentStore } from "../agents/AgentStore.js";
import type { ClusterItems } from "../config/ClusterItems.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { AskNode } from "../dapi/AskNode.js";
import type { Catalogue } from "../dapi/catalogue/Catalogue.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";
import { DEFAULT_DIALECT } from "../protocol/dialects/index.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { Logger } from "../telemetry/Logger.js";
import type { NodeScope } from "../../workers/jobs.js";
import { ClusterKeys } from "./ClusterKeys.js";
import { FileIndexer } from "./FileIndexer.js";
import { KeyStatusFile } from "./KeyStatusFile.js";
import { refuseSecondNode } from "./local/LocalServer.js";
import { MasterNode } from "./master/MasterNode.js";
import { NodeTaps } from "./NodeTaps.js";
import { cleanTransferFolders, makeNodeFolders } from "./nodeFolders.js";
import { createAgentStore } from "./ports/agentStore.js";
import { daemonSockets } from "./ports/daemonSockets.js";
import { LinkTls } from "./ports/LinkTls.js";
import { systemClock } from "./ports/systemClock.js";
import { systemDisk } from "./ports/systemDisk.js";
import { systemRandom } from "./ports/systemRandom.js";
import { tcpNetwork } from "./ports/tcpNetwork.js";
import { ThreadPool } from "./ports/ThreadPool.js";
import { watchFolder } from "./ports/watchFolder.js";
import { TransitionTrace } from "./TransitionTrace.js";
import type { NodeWatch } from "./watch/NodeWatch.js";
import { stepReport } from "./watch/stepReport.js";
import { StepWatch } from "./watch/StepWatch.js";
import { watchCertificates } from "./watchCertificates.js";
import { RulesetReload } from "./worker/RulesetReload.js";
import { WorkerNode } from "./worker/WorkerNode.js";

export interface StartNodeOptions {
  readonly config: NodeConfig;
  /**
   * What the node speaks, with the version that it sends.
   *
   * @default what the settings name; where they name none, a master follows its workers and a worker speaks the first
   */
  readonly dialect?: Dialect;
  readonly logger: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** Serve the embedded agent store on `queue/db/wdb` for other programs. @default false */
  readonly serveWdb?: boolean;
  /** Write every change of a machine's state to this file. */
  readonly traceFile?: string;
  /** muster's own version, for the trace and the metrics. */
  readonly version?: string;
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
  /** What metrics, health and the inspector read of it. */
  readonly watch: NodeWatch;
  /** Where those who watch the node hear of messages and transfers. */
  readonly taps: NodeTaps;
  /** The node at the other end of a connection; undefined until it is known. */
  peerName(connectionId: string): string | undefined;
  /** The distributed API for callers in this process. */
  readonly api: { readonly ask: AskNode; readonly catalogue: Catalogue };
  /** Resolves when the node has ended, by `stop` or by a failure; never rejects. */
  readonly ended: Promise<NodeEnd>;
  /** Asks the node to close its connections and end. */
  stop(): void;
  /**
   * Takes up what a running node can take up of another configuration: keys and certificates at once, limits and
   * files that travel with the next connection or round (docs/configuration.md).
   *
   * @throws MusterError when keys or certificates can't be used; those that were used hold on
   */
  reconfigure(config: NodeConfig): Promise<void>;
}

/**
 * Starts a node: makes its folders, removes what an earlier life left in the middle of transfers,
 * and sets its actors going.
 *
 * @throws Error when a folder can't be made: the text names it; MusterError 1000 when a node runs in this root already
 */
export async function startNode(options: StartNodeOptions): Promise<RunningNode> {
  const { config, logger, clock = systemClock, random = systemRandom } = options;
  const { root, cluster, limits, settings } = config;
  const named = options.dialect ?? config.dialect;
  const dialect = named ?? DEFAULT_DIALECT;
  const items = itemsFor(config, dialect);
  const tls = settings.tls.enabled ? await LinkTls.load(root, settings.tls) : undefined;
  await makeNodeFolders(systemDisk, root, cluster.nodeName);
  await refuseSecondNode(root);
  await cleanTransferFolders(systemDisk, root);
  const pool = new ThreadPool({
    threads: options.threads ?? Math.max(2, availableParallelism()),
    onThreadError: (error) => {
      logger.error(`A thread of the pool died: ${error.message}`);
    },
  });
  // The one thing of a node that may change while it runs: the work reads it anew each time.
  const scope: NodeScope = { root, nodeName: cluster.nodeName, items, dialect, limits };
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
  const keys = new ClusterKeys(config.keys, pool);
  const taps = new NodeTaps();
  let current = config;
  const services = {
    get config() {
      return current;
    },
    scope,
    clock,
    random,
    network: tcpNetwork,
    disk: systemDisk,
    pool,
    indexer,
    store,
    logger,
    keys,
    tls,
    taps,
    reload: new RulesetReload({ clock, logger, daemons: daemonSockets(root, clock) }),
    workersMayChange: options.workersMayChange ?? false,
    speak:
      named !== null
        ? undefined
        : (spoken: Dialect): void => {
            Object.assign(scope, { dialect: spoken, items: itemsFor(current, spoken) });
          },
    watchFolder,
    steps: () => steps.report(),
  };
  const node = cluster.nodeType === "master" ? new MasterNode(services) : new WorkerNode(services);
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
          nodeType: cluster.nodeType,
          clusterVersion: dialect.version,
          version: options.version ?? null,
          clock,
          peerName: (id) => (node instanceof MasterNode ? node.peerName(id) : undefined),
          onTrouble: (error) => {
            logger.error(`The trace can't be written: ${error.message}`);
          },
          onFull: () => {
            logger.warn(`The trace ${options.traceFile ?? ""} has reached its largest size and ends here. Start the node anew for another one.`);
          },
        });
  const steps = new StepWatch({
    clock,
    logger,
    facts: () => stepReport(actor),
    outOfStepAfter: limits.outOfStepAfter,
    expected: cluster.nodeType === "worker" ? [cluster.nodeName] : [],
  });

  const keyStatus = new KeyStatusFile({
    root,
    pid: process.pid,
    keys,
    peerKeys: () => node.peerKeys(),
    onTrouble: (error) => {
      logger.error(`The status of the keys can't be written: ${error.message}`);
    },
  });
  const certificates = tls === undefined ? undefined : watchCertificates(tls, settings.tls.recheck, { clock, logger });

  const ended = new Promise<NodeEnd>((resolve) => {
    const finish = async (error: Error | null): Promise<void> => {
      steps.stop();
      node.api.close();
      if (node instanceof MasterNode) node.dispose();
      certificates?.stop();
      await keyStatus.close();
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
  steps.start();
  if (cluster.nodeType === "worker") actor.send({ type: "STARTED" });
  return {
    actor,
    store,
    watch: {
      identity: { node: cluster.nodeName, type: cluster.nodeType, version: options.version ?? "unknown", clusterVersion: dialect.version, cluster: cluster.name },
      actor,
      clock,
      steps,
      pool,
      store,
      traffic: node.traffic,
    },
    taps,
    // A worker has one peer, whose name the protocol does not tell.
    peerName: (id) => (node instanceof MasterNode ? node.peerName(id) : "master"),
    api: { ask: node.api.ask, catalogue: node.api.catalogue },
    ended,
    stop: () => {
      actor.send({ type: "STOP_REQUESTED" });
    },
    reconfigure: async (next) => {
      await certificates?.reload(next.settings.tls);
      keys.replace(next.keys);
      current = next;
      Object.assign(scope, { items: itemsFor(next, scope.dialect), limits: next.limits });
      const [sealing] = keys.fingerprints;
      if (!(node instanceof WorkerNode) || sealing === undefined) return;
      // Without a connection there is nothing to prove: the next hello will.
      node.proveKey().then(
        () => {
          keyStatus.proved(sealing);
        },
        (error: unknown) => {
          logger.warn(`The master did not answer a message sealed with the present key: ${String(error)}`);
        },
      );
    },
  };
}

/** cluster.json over a dialect's own defaults. */
function itemsFor({ items, itemsByDialect }: NodeConfig, { id }: Dialect): ClusterItems {
  return itemsByDialect[id] ?? items;
}

function failureOf(actor: AnyActor): Error | null {
  const snapshot = actor.getSnapshot() as { value?: unknown; context?: { lastError?: { message: string } | null } };
  return snapshot.value === "failed" ? new Error(snapshot.context?.lastError?.message ?? "the node failed") : null;
}
