import { assign, enqueueActions, sendTo, setup, spawnChild, stopChild, type AnyActorRef } from "xstate";
import { agentGroupsCollect, type GroupsCollected } from "./agentGroupsCollect.js";
import { judgeHello, type OwnIdentity } from "./admission.js";
import { asked } from "./asked.js";
import { dapiQueue } from "./dapiQueue.js";
import { integrityIndexer, type IndexFailed, type IndexOutcome, type IndexPublished } from "./integrityIndexer.js";
import { keepaliveMonitor } from "./keepaliveMonitor.js";
import { localServer } from "./localServer.js";
import { isService, NODE_SERVICES, serviceInputs, type NodeService, type ServiceBounds } from "./nodeServices.js";
import { describeFailure, type LogLine, type MachineClock, type ProcessFailure } from "./process.js";
import { crashedTooOften, isActive, noteCrash, restartDelay, stopOrphans, type Crashes } from "./supervision.js";
import { sendsyncQueue } from "./sendsyncQueue.js";
import { workerPeer, type WorkerPeerReport } from "./workerPeer.js";
import type { Dialect } from "../src/protocol/dialects/Dialect.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";

/** The master's helpers, by actor id. */
export const MASTER_HELPERS = ["integrityIndexer", "keepaliveMonitor", "agentGroupsCollect"] as const;
export type MasterHelper = (typeof MASTER_HELPERS)[number];

/** The helpers that a dialect has work for. */
const helpersOf = ({ rules }: Dialect): readonly MasterHelper[] =>
  MASTER_HELPERS.filter((helper) => helper !== "agentGroupsCollect" || rules.agentGroups === "store");

export type MasterEvent =
  | WorkerPeerReport
  | GroupsCollected
  | { type: "PEER_CONNECTED"; peerId: string; address: string }
  | IndexPublished
  | IndexFailed
  | { type: "KEEPALIVE_CHECK_DUE" }
  /** Something that the node can't do without is gone for good: its listener, say. */
  | { type: "NODE_FAILED"; error: unknown }
  | { type: "HELPER_RESTART_DUE"; helper: MasterHelper }
  | { type: "SERVICE_RESTART_DUE"; service: NodeService }
  | { type: "STOP_REQUESTED" }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string };

export interface MasterInput extends ServiceBounds {
  readonly identity: OwnIdentity;
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly recalculateIntegrity: number;
  readonly agentGroupStartDelay: number;
  readonly syncAgentGroups: number;
  readonly maxLockedIntegrityTime: number;
  readonly checkWorkerLastKeepalive: number;
  readonly helloTimeout: number;
  readonly maxAllowedTimeWithoutKeepalive: number;
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
  readonly closeDeadline: number;
  readonly drainDeadline: number;
}

/** One connection as the master lists it. */
export interface ListedPeer {
  readonly address: string;
  /** Null until it is admitted. */
  readonly nodeName: string | null;
}

export interface MasterContext extends MasterInput {
  readonly peers: Readonly<Record<string, ListedPeer>>;
  readonly index: IndexOutcome | null;
  readonly crashes: Crashes;
  readonly lastError: ProcessFailure | null;
}

const isHelper = (id: string): id is MasterHelper => (MASTER_HELPERS as readonly string[]).includes(id);

/** What every peer hears at once. */
type ToldToPeers =
  | { type: "KEEPALIVE_CHECK" }
  | { type: "CLOSE_REQUESTED"; reason: string }
  | { type: "INDEX_CYCLE" }
  | GroupsCollected;

/** The root actor of a master (actors.md). */
export const master = setup({
  types: { context: {} as MasterContext, events: {} as MasterEvent, input: {} as MasterInput },
  actors: {
    agentGroupsCollect,
    integrityIndexer,
    keepaliveMonitor,
    workerPeer,
    dapiQueue,
    sendsyncQueue,
    localServer,
    listen: asked<void, Record<string, never>>("listen"),
    /** Stops listening and waits until every connection is closed. */
    drain: asked<void, Record<string, never>>("drain"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    /** From now on the node speaks this dialect; its index of another one is void. */
    speakDialect: (_, _params: { dialect: Dialect }) => undefined,
    /** What a service that crashed held is let go of. */
    abandonService: (_, _params: { service: NodeService }) => undefined,
    /** Tells the workers that want to hear of it that files have changed. */
    announceChange: (_, _params: { version: number }) => undefined,
    /** Closes the connection of a peer whose actor crashed. */
    dropPeer: (_, _params: { peerId: string }) => undefined,
    startHelper: enqueueActions(({ enqueue, context }, params: { helper: MasterHelper }) => {
      const { clock, recalculateIntegrity, workDeadline, checkWorkerLastKeepalive } = context;
      if (params.helper === "integrityIndexer") {
        enqueue(
          spawnChild("integrityIndexer", {
            id: "integrityIndexer",
            input: { clock, recalculateIntegrity, workDeadline },
          }),
        );
      } else if (params.helper === "keepaliveMonitor") {
        enqueue(spawnChild("keepaliveMonitor", { id: "keepaliveMonitor", input: { checkWorkerLastKeepalive } }));
      } else {
        const { agentGroupStartDelay, syncAgentGroups } = context;
        enqueue(
          spawnChild("agentGroupsCollect", {
            id: "agentGroupsCollect",
            input: { clock, agentGroupStartDelay, syncAgentGroups, workDeadline },
          }),
        );
      }
    }),
    startService: enqueueActions(({ enqueue, context }, { service }: { service: NodeService }) => {
      const inputs = serviceInputs(context);
      if (service === "dapiQueue") enqueue.spawnChild(service, { id: service, input: inputs[service] });
      else if (service === "sendsyncQueue") enqueue.spawnChild(service, { id: service, input: inputs[service] });
      else enqueue.spawnChild(service, { id: service, input: inputs[service] });
    }),
    tellPeers: enqueueActions(
      ({ enqueue, context }, params: { event: ToldToPeers }) => {
        for (const peerId of Object.keys(context.peers)) enqueue(sendTo(peerId, params.event));
      },
    ),
  },
  delays: { drainDeadline: ({ context }) => context.drainDeadline },
}).createMachine({
  id: "master",
  context: ({ input }) => ({ ...input, peers: {}, index: null, crashes: {}, lastError: null }),
  initial: "starting",
  entry: NODE_SERVICES.map((service) => ({ type: "startService" as const, params: { service } })),
  on: {
    SERVICE_RESTART_DUE: {
      actions: enqueueActions(({ enqueue, event: { service }, self }) => {
        const { [service]: running } = (self.getSnapshot() as { children: Record<string, AnyActorRef> }).children;
        if (!isActive(running)) enqueue({ type: "startService", params: { service } });
      }),
    },
    // A link that comes while the node does not run has no actor that would ever close it.
    PEER_CONNECTED: { actions: { type: "dropPeer", params: ({ event }) => ({ peerId: event.peerId }) } },
    NODE_FAILED: {
      target: ".failed",
      actions: assign({
        lastError: ({ context, event }) => describeFailure(event.error, "node", context.clock.wallTime()),
      }),
    },
    PEER_CLOSED: {
      actions: [
        stopChild(({ event }) => event.peerId),
        assign({
          peers: ({ context, event }) => {
            const { [event.peerId]: _gone, ...others } = context.peers;
            return others;
          },
        }),
      ],
    },
    "xstate.error.actor.*": {
      actions: enqueueActions(({ enqueue, context, event, self }) => {
        const id = event.type.slice("xstate.error.actor.".length);
        enqueue(() => {
          stopOrphans((self.getSnapshot() as { children: Record<string, AnyActorRef> }).children[id]);
        });
        const message = event.error instanceof Error ? event.error.message : String(event.error);
        if (id in context.peers) {
          enqueue({ type: "log", params: { level: "error", message: `Connection ${id} crashed: ${message}`, subtag: "Main" } });
          enqueue({ type: "dropPeer", params: { peerId: id } });
          enqueue.raise({ type: "PEER_CLOSED", peerId: id, nodeName: context.peers[id]?.nodeName ?? null });
          return;
        }
        if (!isHelper(id) && !isService(id)) return;
        const crashes = noteCrash(context.crashes, id, context.clock.now());
        enqueue.assign({ crashes });
        enqueue({ type: "log", params: { level: "error", message: `${id} crashed: ${message}`, subtag: "Main" } });
        if (crashedTooOften(crashes, id)) enqueue.raise({ type: "NODE_FAILED", error: event.error });
        else if (isService(id)) {
          enqueue({ type: "abandonService", params: { service: id } });
          enqueue.raise({ type: "SERVICE_RESTART_DUE", service: id }, { delay: restartDelay(crashes, id) });
        } else enqueue.raise({ type: "HELPER_RESTART_DUE", helper: id }, { delay: restartDelay(crashes, id) });
      }),
    },
  },
  states: {
    starting: {
      invoke: {
        src: "listen",
        input: {},
        onDone: "running",
        onError: {
          target: "failed",
          actions: assign({
            lastError: ({ context, event }) => describeFailure(event.error, "starting", context.clock.wallTime()),
          }),
        },
      },
      on: { STOP_REQUESTED: "draining" },
    },
    running: {
      entry: enqueueActions(({ enqueue, context }) => {
        for (const helper of helpersOf(context.identity.dialect)) enqueue({ type: "startHelper", params: { helper } });
      }),
      exit: MASTER_HELPERS.map((helper) => stopChild(helper)),
      on: {
        PEER_CONNECTED: {
          actions: [
            assign({
              peers: ({ context, event }) => ({
                ...context.peers,
                [event.peerId]: { address: event.address, nodeName: null },
              }),
            }),
            enqueueActions(({ enqueue, context, event }) => {
              enqueue.spawnChild("workerPeer", {
                id: event.peerId,
                input: {
                  peerId: event.peerId,
                  address: event.address,
                  clock: context.clock,
                  helloTimeout: context.helloTimeout,
                  maxAllowedTimeWithoutKeepalive: context.maxAllowedTimeWithoutKeepalive,
                  timeoutReceivingFile: context.timeoutReceivingFile,
                  workDeadline: context.workDeadline,
                  transferDeadline: context.transferDeadline,
                  maxLockedIntegrityTime: context.maxLockedIntegrityTime,
                  closeDeadline: context.closeDeadline,
                },
              });
            }),
          ],
        },
        ADMISSION_ASKED: {
          actions: enqueueActions(({ enqueue, context, event }) => {
            const verdict = judgeHello(context.identity, event.hello, namesInUse(context.peers));
            if (verdict.kind === "refuse") {
              const hint = verdict.hint === undefined ? {} : { hint: verdict.hint };
              enqueue(sendTo(event.peerId, { type: "REFUSED", error: verdict.error, ...hint }));
            } else if (verdict.kind === "probe") {
              enqueue(sendTo(verdict.holder, { type: "PROBE_REQUESTED", newcomer: event.peerId }));
            } else {
              // Listed before it is told, so that no other connection can take the name in between.
              enqueue.assign({ peers: named(context.peers, event.peerId, event.hello.nodeName) });
              const dialect = verdict.dialect ?? context.identity.dialect;
              if (verdict.dialect !== undefined) {
                enqueue.assign({ identity: { ...context.identity, dialect } });
                enqueue({ type: "speakDialect", params: { dialect } });
                const running = helpersOf(context.identity.dialect);
                const wanted = helpersOf(dialect);
                for (const helper of running) if (!wanted.includes(helper)) enqueue.stopChild(helper);
                for (const helper of wanted) if (!running.includes(helper)) enqueue({ type: "startHelper", params: { helper } });
                enqueue({ type: "log", params: { level: "info", message: `Speaking dialect ${dialect.id} of version ${dialect.version} with its workers.`, subtag: "Main" } });
                enqueue(sendTo("integrityIndexer", { type: "INDEX_NOW" }));
              }
              enqueue(sendTo(event.peerId, { type: "ADMITTED", rules: dialect.rules }));
            }
          }),
        },
        PEER_PROBED: {
          actions: enqueueActions(({ enqueue, context, event }) => {
            if (!(event.newcomer in context.peers)) return;
            const nodeName = context.peers[event.peerId]?.nodeName ?? null;
            if (event.alive || nodeName === null) {
              enqueue(sendTo(event.newcomer, { type: "REFUSED", error: MusterError.cluster(3028) }));
              return;
            }
            const peers = named(context.peers, event.peerId, null);
            enqueue.assign({ peers: named(peers, event.newcomer, nodeName) });
            enqueue(sendTo(event.newcomer, { type: "ADMITTED", rules: context.identity.dialect.rules }));
          }),
        },
        PEER_ADMITTED: {},
        INDEX_PUBLISHED: {
          actions: enqueueActions(({ enqueue, event }) => {
            enqueue.assign({ index: event.outcome });
            enqueue({ type: "tellPeers", params: { event: { type: "INDEX_CYCLE" } } });
            if (event.outcome.changed) enqueue({ type: "announceChange", params: { version: event.outcome.version } });
          }),
        },
        // The index of the last good pass stands: workers may be compared with it.
        INDEX_FAILED: { actions: { type: "tellPeers", params: { event: { type: "INDEX_CYCLE" } } } },
        GROUPS_COLLECTED: { actions: { type: "tellPeers", params: ({ event }) => ({ event }) } },
        KEEPALIVE_CHECK_DUE: { actions: { type: "tellPeers", params: { event: { type: "KEEPALIVE_CHECK" } } } },
        HELPER_RESTART_DUE: {
          guard: ({ context, event }) => helpersOf(context.identity.dialect).includes(event.helper),
          actions: { type: "startHelper", params: ({ event }) => ({ helper: event.helper }) },
        },
        STOP_REQUESTED: "draining",
      },
    },
    draining: {
      entry: { type: "tellPeers", params: { event: { type: "CLOSE_REQUESTED", reason: "this node is stopping" } } },
      invoke: { src: "drain", input: {}, onDone: "stopped", onError: "stopped" },
      after: { drainDeadline: "stopped" },
      on: { NODE_FAILED: {} },
    },
    stopped: { type: "final" },
    failed: { type: "final" },
  },
});

function namesInUse(peers: MasterContext["peers"]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [peerId, peer] of Object.entries(peers)) if (peer.nodeName !== null) names.set(peer.nodeName, peerId);
  return names;
}

function named(peers: MasterContext["peers"], peerId: string, nodeName: string | null): MasterContext["peers"] {
  const peer = peers[peerId];
  return peer === undefined ? peers : { ...peers, [peerId]: { ...peer, nodeName } };
}
