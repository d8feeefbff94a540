import type { NodeConfig } from "../config/NodeConfig.js";
import type { DapiRequest } from "../dapi/DapiRequest.js";
import { newRequest } from "../dapi/encoding/requestJson.js";
import { renderResult } from "../dapi/results/renderResult.js";
import { announceLife } from "../node/announceLife.js";
import { lockRoot } from "../node/ports/rootLock.js";
import type { RootLock } from "../node/ports/rootLock.js";
import { systemClock } from "../node/ports/systemClock.js";
import { startNode } from "../node/startNode.js";
import type { NodeEnd, RunningNode } from "../node/startNode.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { Logger } from "../telemetry/Logger.js";
import { readActor, watchActor } from "./NodeState.js";
import type { ActorState, StateChange } from "./NodeState.js";

/** A node's own life: `new` → `starting` → `running` → `stopping` → `ended`. */
export type NodeLife = "new" | "starting" | "running" | "stopping" | "ended";

/** A function of the distributed API with its arguments; all but the names have defaults. */
export type NodeRequest = Pick<DapiRequest, "module" | "qualname"> & Partial<DapiRequest>;

/** An answer as API clients read it: `{data, message, error}`. */
export type NodeAnswer = Readonly<Record<string, unknown>>;

export interface ClusterNodeOptions {
  readonly config: NodeConfig;
  readonly logger: Logger;
  readonly threads?: number | undefined;
}

/** A node of a cluster in this process. Made by `createMaster` and `createWorker`; lives once. */
export class ClusterNode {
  readonly #options: ClusterNodeOptions;
  /** Resolves when the node has ended: `error` is null after `stop`. Never rejects. */
  readonly ended: Promise<NodeEnd>;
  #end: (end: NodeEnd) => void = () => undefined;
  #life: NodeLife = "new";
  #node: RunningNode | undefined;
  readonly #watchers = new Map<(change: StateChange) => void, (() => void) | undefined>();

  constructor(options: ClusterNodeOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** What the node was made of. It holds the cluster's keys: don't print it. */
  get config(): NodeConfig {
    return this.#options.config;
  }

  get life(): NodeLife {
    return this.#life;
  }

  /**
   * Starts the node. Resolves once a master listens; a worker looks for its master from then on, for as long as it lives.
   *
   * @throws Error that says what to do, when the root or the port is in use, a folder can't be made, or the node was started before
   */
  async start(): Promise<void> {
    this.#require("new", "start");
    this.#life = "starting";
    const { config, logger, threads } = this.#options;
    let lock: RootLock | undefined;
    let node: RunningNode;
    try {
      const { store, api } = config.settings;
      lock = await lockRoot(config.root, process.pid);
      node = await startNode({
        config,
        logger,
        serveWdb: store.serveWdb,
        workersMayChange: api.workersMayChange,
        ...(threads === undefined ? {} : { threads }),
      });
    } catch (error) {
      await lock?.release();
      this.#finish({ error: error instanceof Error ? error : new Error(String(error)) });
      throw error;
    }
    this.#node = node;
    for (const listener of this.#watchers.keys()) this.#watchers.set(listener, watchActor(node.actor, listener));
    const end = node.ended.then(async (outcome) => {
      await lock.release();
      this.#finish(outcome);
      return outcome;
    });
    const outcome = await Promise.race([served(node, config.cluster.nodeType), end]);
    if (outcome === "serves") {
      if (this.#life === "starting") this.#life = "running";
      return;
    }
    throw outcome.error ?? new Error("the node was stopped before it served");
  }

  /** Closes the connections and ends the node; resolves when all of it is gone. A node that has ended, or never began, stays so. */
  async stop(): Promise<NodeEnd> {
    if (this.#life === "new") this.#finish({ error: null });
    else if (this.#node !== undefined && this.#life !== "ended") {
      this.#life = "stopping";
      this.#node.stop();
    }
    return await this.ended;
  }

  /** The node's actors and their states. @throws Error unless the node runs */
  snapshot(): ActorState {
    const state = readActor(this.#running("snapshot").actor);
    if (state === undefined) throw new Error("the node's root is no state machine");
    return state;
  }

  /** Calls `listener` at each change of an actor's state, until the function that it returns is called. */
  watch(listener: (change: StateChange) => void): () => void {
    this.#watchers.set(listener, this.#node === undefined ? undefined : watchActor(this.#node.actor, listener));
    return () => {
      this.#watchers.get(listener)?.();
      this.#watchers.delete(listener);
    };
  }

  /**
   * Asks for one function of the distributed API (`wazuh.cluster`, `get_nodes_info`), on the nodes that can answer it.
   *
   * @throws MusterError the answer, if it is an error; Error unless the node runs
   */
  async ask(request: NodeRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<NodeAnswer> {
    const { api } = this.#running("ask");
    const answer = await api.ask(newRequest(request), { signal: signal ?? new AbortController().signal });
    if (answer instanceof MusterError) throw answer;
    return renderResult(answer);
  }

  #running(call: string): RunningNode {
    if (this.#node === undefined || this.#life === "ended") this.#require("running", call);
    return this.#node as RunningNode;
  }

  #require(life: NodeLife, call: string): void {
    if (this.#life !== life) throw new Error(`${call}() needs a node that is ${life}; this one is ${this.#life}`);
  }

  #finish(end: NodeEnd): void {
    this.#life = "ended";
    for (const unwatch of this.#watchers.values()) unwatch?.();
    this.#watchers.clear();
    this.#end(end);
  }
}

/** Resolves when the node serves; never, if it does not. */
async function served(node: RunningNode, kind: "master" | "worker"): Promise<"serves"> {
  return await new Promise((resolve) => {
    const life = announceLife({
      node,
      kind,
      clock: systemClock,
      manager: undefined,
      onServing: () => {
        resolve("serves");
      },
    });
    void node.ended.then(() => {
      life.stop();
    });
  });
}
