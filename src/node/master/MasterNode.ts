import { createActor, fromPromise, type Actor, type AnyActorRef } from "xstate";
import { integrityIndexer } from "../../../machines/integrityIndexer.js";
import { master } from "../../../machines/master.js";
import { workerPeer, type WorkerPeerEvent } from "../../../machines/workerPeer.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER, ANSWER_FIELD, TO_MASTER, TO_WORKER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { parseJsonPayload } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { Connection } from "../Connection.js";
import { DistributedApi } from "../dapi/DistributedApi.js";
import { sendLocalFile } from "../local/sendLocalFile.js";
import { Leftovers } from "../Leftovers.js";
import { machineLog, type LogServices } from "../machineLog.js";
import { machineIntervals, PROBE_SECONDS } from "../milliseconds.js";
import { emptyTransferFolder, makeTransferFolder } from "../nodeFolders.js";
import { PeerRegistry } from "../PeerRegistry.js";
import type { Listener, NodeLink } from "../ports/Network.js";
import { throttled } from "../throttled.js";
import { UngreetedPeers } from "../UngreetedPeers.js";
import { Traffic } from "../watch/Traffic.js";
import { agentGroupsWork } from "./agentGroupsWork.js";
import { agentInfoSyncWork } from "./agentInfoSyncWork.js";
import { ClusterView } from "./ClusterView.js";
import { extraValidSyncWork } from "./extraValidSyncWork.js";
import { integritySyncWork } from "./integritySyncWork.js";
import type { MasterPeer } from "./MasterPeer.js";
import type { MasterNodeOptions } from "./MasterNodeOptions.js";
import { MasterPush } from "./MasterPush.js";
import type { MasterServices } from "./MasterServices.js";
import { SettledByNode, type SettledGroups } from "./SettledGroups.js";
import { ZipLimit } from "./ZipLimit.js";
import { ToldAddresses } from "./ToldAddresses.js";
import { COMMON_COMMANDS, workerCommand } from "./workerCommands.js";

/** Milliseconds between two events about a transfer's progress. */
const PROGRESS_INTERVAL = 1000;

/** A master: its actors over a network, a disk and a pool. */
export class MasterNode {
  readonly actor: Actor<typeof master>;
  /** What this master tells of the cluster. */
  readonly view: ClusterView;
  readonly traffic = new Traffic((id) => this.peerName(id) ?? "");
  readonly api: DistributedApi;
  readonly #options: MasterNodeOptions;
  readonly #leftovers: Leftovers;
  readonly #services: MasterServices & Pick<LogServices, "tagOf" | "peerOf">;
  readonly #peers = new PeerRegistry<MasterPeer>();
  readonly #ungreeted: UngreetedPeers;
  /** Connections of admitted workers, by the worker's name. */
  readonly #admitted = new Map<string, string>();
  readonly #settled = new SettledByNode();
  /** Where peers with another key came from. */
  readonly #wrongKeys = new ToldAddresses();
  /** Where peers with which there was no TLS came from. */
  readonly #noTls = new ToldAddresses();
  readonly #push: MasterPush;
  #listener: Listener | undefined;
  #connections = 0;
  #onDrained: (() => void) | undefined;

  constructor(options: MasterNodeOptions) {
    this.#options = options;
    this.#leftovers = new Leftovers(options.disk, options.config.root);
    this.#ungreeted = new UngreetedPeers(options.config.limits);
    this.#push = new MasterPush({
      services: options,
      watchFolder: options.watchFolder,
      onChange: () => this.actor.getSnapshot().children["integrityIndexer"]?.send({ type: "FILES_CHANGED" }),
    });
    this.#services = {
      ...options,
      // It can be replaced while the node runs.
      get config() {
        return options.config;
      },
      peer: (id) => this.#peers.get(id),
      findPeer: (id) => this.#peers.find(id),
      tagOf: (id) => this.#tagOf(id),
      peerOf: (id) => this.peerName(id),
    };
    this.view = new ClusterView(options, () => this.#peerActors());
    this.api = this.#distributedApi();
    const { config, clock, scope } = options;
    const { nodeName, name: clusterName } = config.cluster;
    this.actor = createActor(this.#machine(), {
      clock,
      input: { ...machineIntervals(config), clock, identity: { nodeName, clusterName, dialect: scope.dialect, followsWorkers: options.speak !== undefined } },
    });
  }

  /** The port that the master listens on; undefined until it does. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  /** The name of the worker behind a connection; undefined until it is admitted, and once it is gone. */
  peerName(peerId: string): string | undefined {
    return this.#peers.find(peerId)?.nodeName ?? undefined;
  }

  /** Node name → fingerprint of the key that the worker sealed its last message with. */
  peerKeys(): Readonly<Record<string, string>> {
    const named = [...this.#peers.values()].flatMap(({ nodeName, connection }) =>
      nodeName === null || connection.peerKey === undefined ? [] : [[nodeName, connection.peerKey] as const],
    );
    return Object.fromEntries(named);
  }

  #distributedApi(): DistributedApi {
    const { config, scope } = this.#options;
    const { nodeName } = config.cluster;
    const find = (name: string | null): Connection | undefined => this.#peers.find(this.#admitted.get(name ?? "") ?? "")?.connection;
    return new DistributedApi({
      ...this.#options,
      dialect: scope.dialect,
      actors: () => this.actor.getSnapshot().children,
      peers: { find, connectedNodes: () => [nodeName, ...this.#admitted.keys()] },
      cluster: {
        running: true,
        nodes: (wanted) => Promise.resolve(this.view.nodes(wanted)),
        health: (filter) => this.view.health(filter),
        steps: this.#options.steps,
      },
      backend: {
        answersAtOnce: true,
        requireCluster: () => undefined,
        nodes: (wanted) => Promise.resolve(stringifyPython(this.view.nodes(wanted))),
        health: async (filter) => stringifyPython(await this.view.health(filter)),
        findWorker: find,
        rulesetHashes: () => this.#options.indexer.rulesetHashes(),
        sendFile: async (path, name) => {
          const connection = find(name);
          if (connection === undefined || name === null) throw MusterError.cluster(3022, name);
          await sendLocalFile(config.root, path, connection, name);
        },
      },
    });
  }

  #machine() {
    const services = this.#services;
    const { indexer, speak } = this.#options;
    const groups = agentGroupsWork({ ...services, hasWorkers: () => [...this.#peers.values()].some(({ nodeName }) => nodeName !== null) });
    return master.provide({
      actors: {
        ...this.api.machines(),
        listen: fromPromise(() => this.#listen()),
        drain: fromPromise(() => this.#drain()),
        integrityIndexer: integrityIndexer.provide({
          actors: { indexFiles: fromPromise(({ signal }) => this.#push.index(signal)) },
          actions: { log: machineLog(services, "integrityIndexer") },
        }),
        agentGroupsCollect: groups.agentGroupsCollect,
        workerPeer: workerPeer.provide({
          actors: {
            integritySync: integritySyncWork(services),
            extraValidSync: extraValidSyncWork(services),
            agentInfoSync: agentInfoSyncWork(services),
            agentGroupsSend: groups.agentGroupsSend,
            probe: fromPromise(async ({ input, signal }) => {
              await services.peer(input.peerId).connection.ask(TO_WORKER.echo, "probe", { timeout: PROBE_SECONDS, signal });
            }),
            closeLink: fromPromise(async ({ input }) => {
              await this.#peers.find(input.peerId)?.connection.end();
            }),
          },
          actions: {
            answer: ({ context }, answer) => {
              this.#peers.find(context.peerId)?.connection.answer(answer);
            },
            log: machineLog(services, "workerPeer"),
            openToPeer: (_, { peerId, nodeName }) => {
              this.#open(peerId, nodeName);
            },
            releaseConnection: (_, { peerId }) => {
              this.#release(peerId);
            },
          },
        }),
      },
      actions: {
        log: machineLog(services, "master"),
        speakDialect: (_, { dialect }) => {
          speak?.(dialect);
          indexer.forget();
        },
        announceChange: () => {
          this.#push.announce(this.#peers.values());
        },
        abandonService: (_, { service }) => {
          if (service === "dapiQueue") this.api.queueCrashed();
        },
        dropPeer: (_, { peerId }) => {
          this.#release(peerId);
        },
      },
    });
  }

  async #listen(): Promise<void> {
    const { config, network, tls, logger } = this.#options;
    const { bindAddress, port } = config.cluster;
    this.#listener = await network.listen(
      { host: bindAddress, port },
      (link) => {
        this.#accept(link);
      },
      (error) => {
        this.actor.send({ type: "NODE_FAILED", error });
      },
      tls === undefined
        ? undefined
        : {
            certificates: tls,
            handshakeTimeout: config.limits.helloTimeout * 1000,
            limits: config.limits,
            onFailure: (address, error) => {
              if (this.#noTls.tell(address)) logger.error(`No TLS with ${address}: ${error.message}. Check its certificate and tls.ca.`, { subtag: "Main" });
            },
          },
    );
    logger.info(`Serving on ${bindAddress}:${String(this.#listener.port)}.`, { subtag: "Main" });
  }

  #accept(link: NodeLink): void {
    if (this.actor.getSnapshot().status !== "active") {
      link.destroy();
      return;
    }
    const { config, scope, clock, random, keys, taps, disk } = this.#options;
    const id = `peer-${String(++this.#connections)}`;
    const victim = this.#ungreeted.add(id, link.remoteAddress);
    if (victim !== undefined) {
      this.#tell(victim, { type: "CLOSE_REQUESTED", reason: "too many connections have not said hello" });
      // At once, not in good order: a peer that does not close its end would keep its descriptor.
      this.#peers.find(victim)?.connection.channel.destroy();
    }
    const progress = throttled(clock, PROGRESS_INTERVAL, (bytes: number) => {
      for (const to of ["integritySync", "extraValidSync"] as const) {
        this.#tell(id, { type: "PEER_ASKED", to, event: { type: "TRANSFER_PROGRESSED", bytes } });
      }
    });
    const connection = new Connection({
      id,
      link,
      config,
      dialect: scope.dialect,
      clock,
      random,
      disk,
      leftovers: this.#leftovers,
      keys,
      taps,
      transferOwner: () => this.#peers.find(id)?.nodeName ?? undefined,
      isGreeted: () => this.#isGreeted(id),
      onCommand: (request) => this.#command(id, request),
      onFileBytes: progress,
      onClosed: (reason) => {
        if (reason?.code === 3025 && this.#wrongKeys.tell(link.remoteAddress)) {
          this.#options.logger.error(`${reason.toString()} (from ${link.remoteAddress}). Check that <key> in etc/ossec.conf is the same there and here.`, { subtag: "Main" });
        }
        this.#tell(id, { type: "LINK_CLOSED", reason: reason?.message ?? "the peer closed the connection" });
      },
    });
    this.traffic.begin(id, connection);
    const settled = (): SettledGroups => this.#settled.of(this.#peers.find(id)?.nodeName ?? id);
    const zipLimit = new ZipLimit(config.items.intervals.communication);
    this.#peers.add(id, { connection, nodeName: null, features: [], integrity: {}, wantedGroups: [], settled, zipLimit });
    this.actor.send({ type: "PEER_CONNECTED", peerId: id, address: link.remoteAddress });
  }

  #command(id: string, request: IncomingRequest): boolean {
    const peer = this.#peers.find(id);
    if (peer === undefined) return true;
    const { connection } = peer;
    const { command, counter, payload } = request;
    if (!this.#isGreeted(id) && command !== TO_MASTER.hello) {
      connection.refuse(counter, MusterError.cluster(3000, "say hello first"));
      this.#tell(id, { type: "CLOSE_REQUESTED", reason: `it sent ${COMMON_COMMANDS.has(command) ? command : "a command"} before hello` });
      return true;
    }
    if (command === TO_MASTER.keepalive) {
      this.#tell(id, { type: "KEEPALIVE_RECEIVED" });
      connection.channel.answer(counter, ANSWER_FIELD.keepalive, payload);
      return true;
    }
    if (command === TO_MASTER.getNodes) {
      connection.channel.answer(counter, ANSWER.ok, stringifyPython(this.view.nodes(parseJsonPayload(command, payload))));
      return true;
    }
    if (command === TO_MASTER.getHealth) {
      this.view.health(parseJsonPayload(command, payload)).then(
        (health) => {
          connection.channel.answer(counter, ANSWER.ok, stringifyPython(health));
        },
        (error: unknown) => {
          connection.refuse(counter, error);
        },
      );
      return true;
    }
    if (this.#push.command(request, peer) || this.api.command(request, peer)) return true;
    const translate = workerCommand(command, this.#options.scope.dialect);
    if (translate === undefined) return false;
    this.#tell(id, this.#checked(translate(request, connection, () => this.#options.random.uuid()), connection));
    return true;
  }

  /** A hello whose name its certificate does not bear is rejected before anybody judges it. */
  #checked(event: WorkerPeerEvent, { peerNames, address }: Connection): WorkerPeerEvent {
    const { tls, logger } = this.#options;
    if (event.type !== "HELLO_RECEIVED" || tls === undefined) return event;
    const error = tls.judge(event.hello.nodeName, peerNames ?? []);
    if (error === undefined) return event;
    logger.error(`${error.toString()} (from ${address})`, { subtag: "Main" });
    return { type: "HELLO_REJECTED", requestId: event.requestId, error };
  }

  #tell(peerId: string, event: WorkerPeerEvent): void {
    this.actor.getSnapshot().children[peerId]?.send(event);
  }

  #peerActors(): AnyActorRef[] {
    const { children, context } = this.actor.getSnapshot();
    return Object.keys(context.peers).flatMap((id) => children[id] ?? []);
  }

  #isGreeted(id: string): boolean {
    return (this.#peers.find(id)?.nodeName ?? null) !== null;
  }

  #open(id: string, nodeName: string): void {
    const peer = this.#peers.get(id);
    peer.nodeName = nodeName;
    this.#admitted.set(nodeName, id);
    this.#ungreeted.remove(id);
    peer.connection.channel.speak(this.#options.scope.dialect);
    peer.connection.channel.setGreeted();
    this.#wrongKeys.forget(peer.connection.address);
    this.#noTls.forget(peer.connection.address);
    this.#options.keys.peerChanged();
    const { disk, config } = this.#options;
    makeTransferFolder(disk, config.root, nodeName).catch((error: unknown) => {
      this.#options.logger.error(`Could not make the folder of ${nodeName}: ${String(error)}`, { tag: this.#tagOf(id) });
    });
  }

  /** Lets go of the port and of every connection, when the actors have ended without doing so. */
  dispose(): void {
    this.#listener?.close();
    this.#push.stop();
    for (const peer of [...this.#peers.values()]) this.#release(peer.connection.id);
  }

  #release(id: string): void {
    const peer = this.#peers.find(id);
    this.#ungreeted.remove(id);
    this.traffic.end(id);
    if (peer !== undefined) this.#push.forget(peer);
    this.#peers.remove(id);
    const nodeName = peer?.nodeName ?? "";
    // A newcomer may have the name by now.
    if (this.#admitted.get(nodeName) === id) this.#admitted.delete(nodeName);
    this.api.peerLost(id, MusterError.cluster(3022, nodeName));
    void peer?.connection.release().then(() => {
      // The folder of a worker that is back is in use.
      if (nodeName !== "" && !this.#admitted.has(nodeName)) void emptyTransferFolder(this.#options, nodeName);
    });
    this.#options.keys.peerChanged();
    if (this.#peers.size === 0) this.#onDrained?.();
  }

  async #drain(): Promise<void> {
    this.#listener?.close();
    if (this.#peers.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #tagOf(peerId: string): string {
    const name = this.peerName(peerId);
    return name === undefined ? "Master" : `Worker ${name}`;
  }
}
