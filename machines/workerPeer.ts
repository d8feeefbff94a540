import { assign, enqueueActions, raise, sendParent, setup, spawnChild, stopChild, type ActorRefFrom } from "xstate";
import type { ProcessRules } from "../src/protocol/dialects/Dialect.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import { agentGroupsSend } from "./agentGroupsSend.js";
import { agentInfoSync } from "./agentInfoSync.js";
import { asked } from "./asked.js";
import { extraValidSync } from "./extraValidSync.js";
import { integritySync } from "./integritySync.js";
import type { WorkerPeerContext, WorkerPeerInput } from "./workerPeerContext.js";
import { PEER_PROCESSES, type PeerProcess, type WorkerPeerEvent, type WorkerPeerReport } from "./workerPeerEvents.js";
import { ok, refuse, type Answer, type LogLine } from "./process.js";
import { crashedTooOften, isActive, noteCrash, restartDelay, stopOrphans } from "./supervision.js";

export type { PeerProcess, WorkerPeerEvent, WorkerPeerReport } from "./workerPeerEvents.js";

/** Where a dialect lets the agents' groups travel, the other process is none of its workers'. */
const WITHOUT: Readonly<Record<ProcessRules["agentGroups"], PeerProcess>> = { files: "agentGroupsSend", store: "extraValidSync" };

/** What the master hears of a probe for which `newcomer` waits. */
const probed = ({ peerId }: WorkerPeerContext, newcomer: string, alive: boolean): WorkerPeerReport => ({
  type: "PEER_PROBED",
  peerId,
  newcomer,
  alive,
});

const saidAlready = () => MusterError.cluster(3000, "this connection has said hello already");
const beingClosed = () => MusterError.cluster(3000, "this connection is being closed");

type Told<Type extends WorkerPeerEvent["type"]> = { event: Extract<WorkerPeerEvent, { type: Type }> };

/** What a connection that is being closed, or is closed, still answers. */
const atTheEnd = {
  CLOSE_REQUESTED: {},
  HELLO_RECEIVED: { actions: { type: "answer", params: ({ event }: Told<"HELLO_RECEIVED">) => refuse(event.requestId, beingClosed()) } },
  HELLO_REJECTED: { actions: { type: "answer", params: ({ event }: Told<"HELLO_REJECTED">) => refuse(event.requestId, event.error) } },
  PROBE_REQUESTED: { actions: "giveNameAway" },
} as const;

const isProcess = (id: string): id is PeerProcess => (PEER_PROCESSES as readonly string[]).includes(id);

/** Hands an event on to a process, if it runs. */
const forwarded = (child: "integritySync" | "agentGroupsSend") =>
  enqueueActions<WorkerPeerContext, WorkerPeerEvent, undefined, WorkerPeerEvent, never, never, never, never, never>(({ enqueue, event, self }) => {
    if (isActive(self.getSnapshot().children[child])) enqueue.sendTo(child, event);
  });

/** One connection of a worker to the master: the switchboard of its processes (actors.md). */
export const workerPeer = setup({
  types: {
    context: {} as WorkerPeerContext,
    events: {} as WorkerPeerEvent,
    input: {} as WorkerPeerInput,
    children: {} as {
      integritySync: "integritySync";
      extraValidSync: "extraValidSync";
      agentInfoSync: "agentInfoSync";
      agentGroupsSend: "agentGroupsSend";
      probe: "probe";
    },
  },
  actors: {
    integritySync,
    extraValidSync,
    agentInfoSync,
    agentGroupsSend,
    /** `echo-m`, answered or not within a bounded time. */
    probe: asked<void, { peerId: string }>("probe"),
    /** Sends what is queued and closes the link. */
    closeLink: asked<void, { peerId: string }>("closeLink"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    /** The peer may speak the whole protocol from here on; its folder is made. */
    openToPeer: (_, _params: { peerId: string; nodeName: string }) => undefined,
    /** Cancels transfers and removes what is left of them. */
    releaseConnection: (_, _params: { peerId: string }) => undefined,
    giveNameAway: sendParent(({ context, event }) => probed(context, event.type === "PROBE_REQUESTED" ? event.newcomer : "", false)),
    startProcess: enqueueActions(({ enqueue, context }, params: { child: PeerProcess }) => {
      const { peerId, clock, timeoutReceivingFile, workDeadline, transferDeadline, maxLockedIntegrityTime } = context;
      switch (params.child) {
        case "integritySync":
          enqueue(
            spawnChild("integritySync", {
              id: "integritySync",
              input: {
                peerId,
                clock,
                timeoutReceivingFile,
                workDeadline,
                transferDeadline,
                maxLockedIntegrityTime,
                permission: context.rules?.integrityPermission ?? "whenFree",
              },
            }),
          );
          break;
        case "extraValidSync":
          enqueue(
            spawnChild("extraValidSync", { id: "extraValidSync", input: { peerId, clock, timeoutReceivingFile, workDeadline } }),
          );
          break;
        case "agentInfoSync":
          enqueue(spawnChild("agentInfoSync", { id: "agentInfoSync", input: { peerId, clock, workDeadline } }));
          break;
        case "agentGroupsSend":
          enqueue(
            spawnChild("agentGroupsSend", {
              id: "agentGroupsSend",
              input: { peerId, clock, timeoutReceivingFile, workDeadline, transferDeadline },
            }),
          );
          break;
      }
    }),
  },
  guards: {
    /** The hello waits for the master's word. */
    isJudged: ({ context }) => context.helloRequestId !== null,
    isSilent: ({ context }) =>
      context.clock.now() - context.lastKeepaliveMonotonic > context.maxAllowedTimeWithoutKeepalive,
  },
  delays: {
    helloTimeout: ({ context }) => context.helloTimeout,
    closeDeadline: ({ context }) => context.closeDeadline,
  },
}).createMachine({
  id: "workerPeer",
  context: ({ input }) => ({
    ...input,
    hello: null,
    helloRequestId: null,
    nodeName: null,
    rules: null,
    connectedAt: null,
    lastKeepalive: input.clock.wallTime(),
    lastKeepaliveMonotonic: input.clock.now(),
    newcomer: null,
    crashes: {},
    closeReason: null,
  }),
  initial: "handshaking",
  on: {
    LINK_CLOSED: { target: ".closed", actions: assign({ closeReason: ({ context, event }) => context.closeReason ?? event.reason }) },
    CLOSE_REQUESTED: { target: ".closing", actions: assign({ closeReason: ({ event }) => event.reason }) },
    PEER_ASKED: {
      actions: enqueueActions(({ enqueue, event, context }) => {
        if (!("requestId" in event.event)) return;
        const error = context.nodeName === null ? MusterError.cluster(3000, "say hello first") : beingClosed();
        enqueue({ type: "answer", params: refuse(event.event.requestId, error) });
      }),
    },
    // A process can crash in the moment in which the connection closes; nobody starts it again then.
    "xstate.error.actor.*": {},
  },
  states: {
    handshaking: {
      after: {
        helloTimeout: {
          target: "closing",
          actions: assign({
            closeReason: ({ context }) =>
              context.hello === null ? "it did not say hello in time" : "its hello was not decided on in time",
          }),
        },
      },
      on: {
        HELLO_RECEIVED: [
          {
            guard: ({ context }) => context.hello === null,
            actions: [
              assign({ hello: ({ event }) => event.hello, helloRequestId: ({ event }) => event.requestId }),
              sendParent(
                ({ context, event }): WorkerPeerReport => ({
                  type: "ADMISSION_ASKED",
                  peerId: context.peerId,
                  hello: event.hello,
                }),
              ),
            ],
          },
          { actions: { type: "answer", params: ({ event }) => refuse(event.requestId, saidAlready()) } },
        ],
        HELLO_REJECTED: {
          target: "closing",
          actions: [
            { type: "answer", params: ({ event }) => refuse(event.requestId, event.error) },
            assign({ closeReason: ({ event }) => event.error.message }),
          ],
        },
        REFUSED: {
          guard: "isJudged",
          target: "closing",
          actions: [
            { type: "answer", params: ({ context, event }) => refuse(context.helloRequestId ?? 0, event.error) },
            {
              type: "log",
              params: ({ context, event }) => ({
                level: "error",
                message: `${event.error.toString()} (hello of ${context.hello?.nodeName ?? ""} from ${context.address}${event.hint === undefined ? "" : `: ${event.hint}`})`,
                subtag: "Main",
              }),
            },
            assign({ closeReason: ({ event }) => event.error.message, helloRequestId: null }),
          ],
        },
        ADMITTED: {
          guard: "isJudged",
          target: "connected",
          actions: [
            assign({
              nodeName: ({ context }) => context.hello?.nodeName ?? null,
              rules: ({ event }) => event.rules,
              connectedAt: ({ context }) => context.clock.wallTime(),
              lastKeepalive: ({ context }) => context.clock.wallTime(),
              lastKeepaliveMonotonic: ({ context }) => context.clock.now(),
            }),
            {
              type: "openToPeer",
              params: ({ context }) => ({ peerId: context.peerId, nodeName: context.nodeName ?? "" }),
            },
            {
              type: "answer",
              params: ({ context }) => ok(context.helloRequestId ?? 0, `Client ${context.nodeName ?? ""} added`),
            },
            assign({ helloRequestId: null }),
            sendParent(
              ({ context }): WorkerPeerReport => ({
                type: "PEER_ADMITTED",
                peerId: context.peerId,
                nodeName: context.nodeName ?? "",
              }),
            ),
            {
              type: "log",
              params: ({ context }) => ({
                level: "info",
                message: `New worker connected from ${context.address}.`,
                subtag: "Main",
              }),
            },
          ],
        },
      },
    },
    connected: {
      entry: enqueueActions(({ enqueue, context }) => {
        for (const child of PEER_PROCESSES) {
          if (context.rules !== null && child !== WITHOUT[context.rules.agentGroups]) enqueue({ type: "startProcess", params: { child } });
        }
      }),
      exit: [
        stopChild("integritySync"),
        stopChild("extraValidSync"),
        stopChild("agentInfoSync"),
        stopChild("agentGroupsSend"),
        stopChild("probe"),
        // Whatever ends this connection, the newcomer that waits for a probe of it gets the name.
        enqueueActions(({ enqueue, context }) => {
          if (context.newcomer === null) return;
          enqueue(sendParent(probed(context, context.newcomer, false)));
          enqueue.assign({ newcomer: null });
        }),
      ],
      on: {
        HELLO_RECEIVED: {
          actions: { type: "answer", params: ({ event }) => refuse(event.requestId, saidAlready()) },
        },
        HELLO_REJECTED: {
          actions: { type: "answer", params: ({ event }) => refuse(event.requestId, event.error) },
        },
        KEEPALIVE_RECEIVED: {
          actions: assign({
            lastKeepalive: ({ context }) => context.clock.wallTime(),
            lastKeepaliveMonotonic: ({ context }) => context.clock.now(),
          }),
        },
        KEEPALIVE_CHECK: {
          guard: "isSilent",
          target: "closing",
          actions: [
            assign({ closeReason: "no keepalive has come from it for too long" }),
            {
              type: "log",
              params: ({ context }) => ({
                level: "error",
                message: `No keep alives have been received from ${context.nodeName ?? ""} in the last ${(context.maxAllowedTimeWithoutKeepalive / 1000).toString()} seconds. Disconnecting.`,
                subtag: "Keep alive",
              }),
            },
          ],
        },
        PEER_ASKED: {
          actions: enqueueActions(({ enqueue, event, self }) => {
            if (isActive(self.getSnapshot().children[event.to])) {
              enqueue.sendTo(event.to, event.event);
            } else if ("requestId" in event.event) {
              const error = MusterError.internal(1000, `the process ${event.to} is being restarted; ask again later`);
              enqueue({ type: "answer", params: refuse(event.event.requestId, error) });
            }
          }),
        },
        INDEX_CYCLE: { actions: forwarded("integritySync") },
        GROUPS_COLLECTED: { actions: forwarded("agentGroupsSend") },
        PROBE_REQUESTED: [
          {
            guard: ({ context }) => context.newcomer === null,
            actions: [
              assign({ newcomer: ({ event }) => event.newcomer }),
              spawnChild("probe", { id: "probe", input: ({ context }) => ({ peerId: context.peerId }) }),
            ],
          },
          {
            // Another newcomer waits for the probe and gets the name if it is free: this one comes too late.
            actions: sendParent(({ context, event }) => probed(context, event.newcomer, true)),
          },
        ],
        "xstate.done.actor.probe": {
          actions: [
            sendParent(({ context }) => probed(context, context.newcomer ?? "", true)),
            stopChild("probe"),
            assign({ newcomer: null }),
          ],
        },
        "xstate.error.actor.probe": {
          target: "closing",
          actions: assign({ closeReason: "its worker came back on another connection" }),
        },
        CHILD_RESTART_DUE: { actions: { type: "startProcess", params: ({ event }) => ({ child: event.child }) } },
        "xstate.error.actor.*": {
          actions: enqueueActions(({ enqueue, context, event, self }) => {
            const child = event.type.slice("xstate.error.actor.".length);
            if (!isProcess(child)) return;
            enqueue(() => {
              stopOrphans(self.getSnapshot().children[child]);
            });
            const crashes = noteCrash(context.crashes, child, context.clock.now());
            enqueue.assign({ crashes });
            const message = `${child} crashed: ${event.error instanceof Error ? event.error.message : String(event.error)}`;
            enqueue({ type: "log", params: { level: "error", message, subtag: "Main" } });
            if (crashedTooOften(crashes, child)) {
              enqueue(raise({ type: "CLOSE_REQUESTED", reason: `${child} keeps crashing` }));
            } else {
              enqueue(raise({ type: "CHILD_RESTART_DUE", child }, { delay: restartDelay(crashes, child) }));
            }
          }),
        },
      },
    },
    closing: {
      entry: enqueueActions(({ enqueue, context }) => {
        if (context.helloRequestId === null) return;
        enqueue({ type: "answer", params: refuse(context.helloRequestId, beingClosed()) });
        enqueue.assign({ helloRequestId: null });
      }),
      invoke: {
        src: "closeLink",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: "closed",
        onError: "closed",
      },
      after: { closeDeadline: "closed" },
      on: atTheEnd,
    },
    // Not final: the master stops the actor, and XState need not remember an event named after each connection.
    closed: {
      entry: [
        { type: "releaseConnection", params: ({ context }) => ({ peerId: context.peerId }) },
        sendParent(
          ({ context }): WorkerPeerReport => ({
            type: "PEER_CLOSED",
            peerId: context.peerId,
            nodeName: context.nodeName,
          }),
        ),
        {
          type: "log",
          params: ({ context: { nodeName, address, closeReason } }) => {
            const who = nodeName === null ? `Connection of ${address}` : `Connection with worker ${nodeName}`;
            const message = `${who} closed: ${closeReason ?? "by the peer"}.`;
            return { level: nodeName === null ? "debug" : "info", message, subtag: "Main" };
          },
        },
      ],
      on: { ...atTheEnd, LINK_CLOSED: {} },
    },
  },
});

export type WorkerPeerRef = ActorRefFrom<typeof workerPeer>;
