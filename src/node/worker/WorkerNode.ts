import { createActor, fromPromise, type Actor } from "xstate";
import { keepalive } from "../../../machines/keepalive.js";
import { worker } from "../../../machines/worker.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER, KEEPALIVE_PAYLOAD, TO_MASTER, TO_WORKER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { FEATURE, formatFeatures, parseFeatures } from "../../protocol/features.js";
import { formatHello } from "../../protocol/hello.js";
import { Connection } from "../Connection.js";
import type { ClusterKeys } from "../ClusterKeys.js";
import { DistributedApi } from "../dapi/DistributedApi.js";
import { sendLocalFile } from "../local/sendLocalFile.js";
import { Leftovers } from "../Leftovers.js";
import { machineLog, type LogServices } from "../machineLog.js";
import type { NodeTaps } from "../NodeTaps.js";
import { machineIntervals } from "../milliseconds.js";
import { emptyTransferFolder } from "../nodeFolders.js";
import { readHealth, readNodes } from "../../dapi/cluster/readAnswers.js";
import type { WorkerStep } from "../../dapi/cluster/WorkerStep.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { throttled } from "../throttled.js";
import { Traffic } from "../watch/Traffic.js";
import { agentGroupsReceiveWork } from "./agentGroupsReceiveWork.js";
import { agentInfoSendWork } from "./agentInfoSendWork.js";
import { extraValidSendWork } from "./extraValidSendWork.js";
import { integrityApplyWork } from "./integrityApplyWork.js";
import { integrityCheckWork } from "./integrityCheckWork.js";
import { masterCommand } from "./masterCommands.js";
import type { WorkerServices } from "./WorkerServices.js";

/** Milliseconds between two events about a transfer's progress. */
const PROGRESS_INTERVAL = 1000;
/** A master does not answer what it can't decrypt. */
const CLOSED_BEFORE_HELLO =
  "the master closed the connection without an answer. Check that <key> in etc/ossec.conf is the same as the master's";

export type WorkerNodeOptions = Omit<WorkerServices, "connection" | "findConnection"> & {
  readonly keys: ClusterKeys;
  readonly taps: NodeTaps;
  /** Whether this worker is in step, as the node's watch has it. */
  readonly steps: () => readonly WorkerStep[];
};

/** A worker: its actors over a network, a disk and a pool. */
export class WorkerNode {
  readonly actor: Actor<typeof worker>;
  readonly traffic = new Traffic(() => "master");
  readonly api: DistributedApi;
  readonly #options: WorkerNodeOptions;
  readonly #leftovers: Leftovers;
  readonly #services: WorkerServices & Pick<LogServices, "tagOf" | "peerOf">;
  #connection: Connection | undefined;
  #connections = 0;

  constructor(options: WorkerNodeOptions) {
    this.#options = options;
    this.#leftovers = new Leftovers(options.disk, options.config.root);
    this.#services = {
      ...options,
      // It can be replaced while the node runs.
      get config() {
        return options.config;
      },
      connection: () => {
        if (this.#connection === undefined) throw MusterError.cluster(3023);
        return this.#connection;
      },
      findConnection: () => this.#connection,
      tagOf: () => "Worker",
      // A master does not tell its name: its address is what people know it by.
      peerOf: () => options.config.cluster.nodes[0],
    };
    this.api = this.#distributedApi();
    const { config, clock, random } = options;
    this.actor = createActor(this.#machine(), {
      clock,
      input: {
        ...machineIntervals(config),
        clock,
        nodeName: config.cluster.nodeName,
        rules: options.scope.dialect.rules,
        random: () => random.uint32() / 2 ** 32,
        announces: config.settings.push.enabled,
      },
    });
  }

  #distributedApi(): DistributedApi {
    const { config, scope } = this.#options;
    const { nodeName } = config.cluster;
    const master = (): Connection => {
      const connection = this.#admittedConnection();
      if (connection === undefined) throw MusterError.cluster(3023);
      return connection;
    };
    const ask = async (command: string, argument: unknown): Promise<string> => master().ask(command, stringifyPython(argument));
    return new DistributedApi({
      ...this.#options,
      dialect: scope.dialect,
      actors: () => this.actor.getSnapshot().children,
      peers: {
        find: (name) => (name === null ? this.#admittedConnection() : undefined),
        connectedNodes: () => [nodeName],
      },
      cluster: {
        running: true,
        nodes: async (wanted) => readNodes(await ask(TO_MASTER.getNodes, wanted)),
        health: async (filter) => readHealth(await ask(TO_MASTER.getHealth, filter)),
        steps: this.#options.steps,
      },
      backend: {
        answersAtOnce: false,
        requireCluster: master,
        nodes: (wanted) => ask(TO_MASTER.getNodes, wanted),
        health: (filter) => ask(TO_MASTER.getHealth, filter),
        sendsync: async (payload) => {
          await master().channel.request(TO_MASTER.sendsync, payload);
        },
        rulesetHashes: () => this.#options.indexer.rulesetHashes(),
        reloadRuleset: scope.dialect.reloadsRuleset ? () => this.#options.reload?.want() : undefined,
        sendFile: (path) => sendLocalFile(config.root, path, master(), nodeName),
      },
      // The master's requests are its right; no worker asks a worker.
      workersMayChange: false,
    });
  }

  /** The connection to the master once it has admitted this worker. */
  #admittedConnection(): Connection | undefined {
    return this.actor.getSnapshot().matches("connected") ? this.#connection : undefined;
  }

  #machine() {
    const services = this.#services;
    const options = this.#options;
    return worker.provide({
      actors: {
        ...this.api.machines(),
        connect: fromPromise(({ signal }) => this.#connect(signal)),
        sayHello: fromPromise(({ signal }) => this.#sayHello(signal)),
        announceFeatures: fromPromise(async ({ signal }) => {
          const answer = await services.connection().channel.request(TO_MASTER.features, formatFeatures([FEATURE.push]), { signal });
          return { features: parseFeatures(answer) };
        }),
        closeLink: fromPromise(async () => {
          await this.#connection?.end();
        }),
        keepalive: keepalive.provide({
          actors: {
            ping: fromPromise(async ({ signal }) => {
              await services.connection().channel.request(TO_MASTER.keepalive, KEEPALIVE_PAYLOAD, { signal });
            }),
          },
          actions: { log: machineLog(services, "keepalive") },
        }),
        integrityCheck: integrityCheckWork(services),
        integrityApply: integrityApplyWork(services),
        extraValidSend: extraValidSendWork(services),
        agentInfoSend: agentInfoSendWork(services),
        agentGroupsReceive: agentGroupsReceiveWork(services),
      },
      actions: {
        answer: (_, answer) => {
          this.#connection?.answer(answer);
        },
        log: machineLog(services, "worker"),
        abandonService: (_, { service }) => {
          if (service === "dapiQueue") this.api.queueCrashed();
        },
        releaseConnection: () => {
          const connection = this.#connection;
          this.#connection = undefined;
          options.keys.peerChanged();
          if (connection === undefined) return;
          this.traffic.end(connection.id);
          this.api.peerLost(connection.id, MusterError.cluster(3023));
          void connection.release().then(() => {
            // A new connection uses the folder already.
            if (this.#connection === undefined) void emptyTransferFolder(options, options.config.cluster.nodeName);
          });
        },
      },
    });
  }

  /** The key that the master sealed its last message with, by `master`. */
  peerKeys(): Readonly<Record<string, string>> {
    const key = this.#connection?.peerKey;
    return key === undefined ? {} : { master: key };
  }

  /** Resolves when the master has answered a message that was sealed from here on. @throws when it does not */
  async proveKey(): Promise<void> {
    await this.#services.connection().channel.request(TO_MASTER.keepalive, KEEPALIVE_PAYLOAD);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { config, scope, clock, random, keys, tls, taps, network, disk } = this.#options;
    const { nodes, port, nodeName } = config.cluster;
    const link = await network.connect({ host: nodes[0] ?? "", port }, signal, tls);
    if (signal.aborted) {
      link.destroy();
      signal.throwIfAborted();
    }
    const progress = throttled(clock, PROGRESS_INTERVAL, (bytes: number) => {
      this.actor.send({ type: "MASTER_ASKED", to: "integrityApply", event: { type: "TRANSFER_PROGRESSED", bytes } });
    });
    const connection: Connection = new Connection({
      id: `master-${String(++this.#connections)}`,
      link,
      config,
      dialect: scope.dialect,
      clock,
      random,
      disk,
      leftovers: this.#leftovers,
      keys,
      taps,
      transferOwner: () => nodeName,
      isGreeted: () => true,
      onCommand: (request) => this.#command(connection, request),
      onFileBytes: progress,
      onClosed: (reason) => {
        // A connection that was replaced or released has no say any more.
        if (this.#connection !== connection) return;
        const isNew = this.actor.getSnapshot().matches("handshaking");
        this.actor.send({ type: "LINK_CLOSED", reason: reason?.message ?? (isNew ? CLOSED_BEFORE_HELLO : "the master closed the connection") });
      },
    });
    // The master's first frame can follow the answer to the hello at once, and be large.
    connection.channel.setGreeted();
    this.#connection = connection;
    this.traffic.begin(connection.id, connection);
  }

  async #sayHello(signal: AbortSignal): Promise<void> {
    const { config, scope } = this.#options;
    const { nodeName, name: clusterName } = config.cluster;
    const hello = formatHello({ nodeName, clusterName, nodeType: "worker", version: scope.dialect.version });
    await this.#services.connection().channel.request(TO_MASTER.hello, hello, { signal });
  }

  #command(connection: Connection, request: IncomingRequest): boolean {
    const { command, counter, payload } = request;
    if (command === TO_WORKER.echo) {
      connection.channel.answer(counter, ANSWER.okFromClient, payload);
      return true;
    }
    if (this.api.command(request, { connection, nodeName: null })) return true;
    if (command === TO_WORKER.integrityInOrder) void this.#options.reload?.roundEnded();
    const translate = masterCommand(command, this.#options.scope.dialect);
    if (translate === undefined) return false;
    this.actor.send(translate(request, connection, () => this.#options.random.uuid()));
    return true;
  }
}
