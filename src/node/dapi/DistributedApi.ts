import { setImmediate } from "node:timers/promises";
import type { AnyActorRef } from "xstate";
import { isActive } from "../../../machines/supervision.js";
import type { DapiQueueRef } from "../../../machines/dapiQueue.js";
import { localServer, type LocalServerRef } from "../../../machines/localServer.js";
import type { SendsyncQueueRef } from "../../../machines/sendsyncQueue.js";
import type { AgentStore } from "../../agents/AgentStore.js";
import { formatAgentId, parseAgentId } from "../../agents/formatAgentId.js";
import type { NodeConfig } from "../../config/NodeConfig.js";
import { maskSecret, maskSecrets } from "../../config/secrets.js";
import type { AskNode } from "../../dapi/AskNode.js";
import type { Catalogue } from "../../dapi/catalogue/Catalogue.js";
import { createCatalogue } from "../../dapi/catalogue/index.js";
import { ParsedFiles } from "../../dapi/catalogue/ruleset/ParsedFiles.js";
import type { ClusterPort } from "../../dapi/CatalogueFunction.js";
import { DaemonReadiness } from "../../dapi/readiness.js";
import type { AgentLocation } from "../../dapi/resolution/solve.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import type { MusterError } from "../../protocol/errors/MusterError.js";
import type { Logger } from "../../telemetry/Logger.js";
import { LocalCommands, localAskerId, type LocalBackend } from "../local/LocalCommands.js";
import { LocalServer } from "../local/LocalServer.js";
import { daemonSockets } from "../ports/daemonSockets.js";
import { nodeFiles } from "../ports/nodeFiles.js";
import { DapiService } from "./DapiService.js";
import { Forwarding, type DapiPeers } from "./Forwarding.js";
import { NodeApi, type ApiPeer } from "./NodeApi.js";
import { PendingAnswers } from "./PendingAnswers.js";
import { SendsyncService } from "./SendsyncService.js";

export interface DistributedApiOptions {
  readonly config: NodeConfig;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: AgentStore;
  readonly logger: Logger;
  /** The children of the node's root actor. */
  readonly actors: () => Readonly<Record<string, AnyActorRef | undefined>>;
  readonly peers: Omit<DapiPeers, "agents">;
  readonly cluster: ClusterPort;
  readonly backend: Omit<LocalBackend, "configuration">;
  /** May a worker ask this master for functions that change something? */
  readonly workersMayChange: boolean;
}

/** The distributed API of one node: its services, its local socket, and their commands, put together. */
export class DistributedApi {
  /** For callers in this process. */
  readonly ask: AskNode;
  /** The functions that this node has. */
  readonly catalogue: Catalogue;
  readonly #options: DistributedApiOptions;
  readonly #dapi: DapiService;
  readonly #sendsync: SendsyncService;
  readonly #pending: PendingAnswers;
  readonly #local: LocalServer;
  readonly #commands: NodeApi;

  constructor(options: DistributedApiOptions) {
    this.#options = options;
    const { config, dialect, clock, random, store, logger, backend } = options;
    const { root, cluster, items, limits } = config;
    const { timeoutDapiRequest, timeoutClusterRequest } = items.intervals.communication;
    const files = nodeFiles(root);
    const daemons = daemonSockets(root, clock);
    const pending = new PendingAnswers(clock, limits.requestsPerNode);
    const peers: DapiPeers = { ...options.peers, agents: (ids) => locate(store, ids) };
    this.#pending = pending;
    this.catalogue = createCatalogue(new ParsedFiles(() => setImmediate()));
    this.#dapi = new DapiService({
      config,
      clock,
      logger,
      forwarding: new Forwarding({ nodeName: cluster.nodeName, random, peers, pending }),
      queue: () => this.#actor<DapiQueueRef>("dapiQueue"),
      execution: {
        catalogue: this.catalogue,
        context: { config, version: dialect.version, store, cluster: options.cluster, files, daemons, clock },
        readiness: new DaemonReadiness(files, clock),
      },
    });
    this.ask = this.#dapi.ask;
    this.#sendsync = new SendsyncService({ daemons, logger, queue: () => this.#actor<SendsyncQueueRef>("sendsyncQueue") });
    const commands = new LocalCommands({
      backend: { ...backend, configuration: () => configurationOf(config) },
      dapi: this.#dapi,
      pending,
      random,
      timeoutDapiRequest,
    });
    const tell = (event: Parameters<LocalServerRef["send"]>[0]): void => {
      this.#actor<LocalServerRef>("localServer")?.send(event);
    };
    this.#local = new LocalServer({
      root,
      dialect,
      clock,
      random,
      limits,
      timeoutClusterRequest,
      onConnected: (clientId) => {
        tell({ type: "CLIENT_CONNECTED", clientId });
      },
      onRequest: (client, request) => {
        tell({ type: "CLIENT_ASKED", clientId: client.id, command: request.command });
        return commands.handle(client, request);
      },
      onClosed: (clientId, reason) => {
        tell({ type: "CLIENT_CLOSED", clientId, reason });
        this.#dapi.lose(localAskerId(clientId));
      },
      onError: (error) => {
        logger.error(`The local socket: ${error.message}`);
      },
    });
    this.#commands = new NodeApi({
      dapi: this.#dapi,
      pending,
      sendsync: this.#sendsync,
      local: this.#local,
      chunkBytes: limits.transferChunkBytes,
      workersMayChange: options.workersMayChange,
    });
  }

  /** What the node's root actor starts as its services. */
  machines() {
    return {
      dapiQueue: this.#dapi.queueMachine(),
      sendsyncQueue: this.#sendsync.queueMachine(),
      localServer: localServer.provide({
        actions: {
          refuseClient: (_, { clientId }) => {
            this.#options.logger.warn(`A client of the local socket is cut off: there are ${String(this.#options.config.limits.localClients)} already.`);
            this.#local.drop(clientId);
          },
        },
      }),
    };
  }

  /** Handles a command of another node; false when it is none of these. What it throws is answered `err`. */
  command(request: IncomingRequest, peer: ApiPeer): boolean {
    return this.#commands.command(request, peer);
  }

  /** A connection to another node is gone: what it asked for, and what was asked over it. */
  peerLost(connectionId: string, error: MusterError): void {
    this.#pending.lose(connectionId, error);
    this.#dapi.lose(connectionId);
    this.#sendsync.lose(connectionId);
  }

  /** Requests that a queue held when it crashed are answered. */
  queueCrashed(): void {
    this.#dapi.abandon();
  }

  /** @throws MusterError 1000 when the local socket can't be served */
  async start(): Promise<void> {
    await this.#local.start();
  }

  close(): void {
    this.#local.close();
  }

  #actor<Ref extends AnyActorRef>(id: string): Ref | undefined {
    const actor = this.#options.actors()[id];
    return actor !== undefined && isActive(actor) ? (actor as Ref) : undefined;
  }
}

/** Agents that are looked up at a time. */
const AGENTS_AT_ONCE = 2_000;

/** Where agents report to, page by page; ids that can't be any agent's are none. */
async function* locate(store: AgentStore, ids: readonly string[] | "all"): AsyncGenerator<readonly AgentLocation[]> {
  const valid = ids === "all" ? undefined : ids.filter((id) => parseAgentId(id) !== null);
  if (valid?.length === 0) return;
  const filter = valid === undefined ? {} : { ids: valid };
  for (let offset = 0; ; offset += AGENTS_AT_ONCE) {
    const { agents } = await store.listAgents({ select: ["id", "node_name"], offset, limit: AGENTS_AT_ONCE, ...filter });
    yield agents.map(({ id, node_name: nodeName }) => ({ id: formatAgentId(Number(id)), nodeName: String(nodeName ?? "") }));
    if (agents.length < AGENTS_AT_ONCE) return;
  }
}

/** `get_config` in the reference's words and order; the key is masked: the socket is no place to read it from. */
function configurationOf({ cluster }: NodeConfig): Readonly<Record<string, unknown>> {
  const { name, nodeName, nodeType, key, port, bindAddress, nodes, hidden, disabled, extra } = cluster;
  return {
    name,
    node_name: nodeName,
    node_type: nodeType,
    key: maskSecret(key),
    port,
    bind_addr: bindAddress,
    nodes,
    hidden,
    disabled,
    ...(maskSecrets(extra) as Readonly<Record<string, unknown>>),
  };
}
