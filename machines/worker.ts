import { assign, enqueueActions, sendTo, setup, spawnChild, stopChild } from "xstate";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import { agentInfoSend, type AgentInfoSendEvent } from "./agentInfoSend.js";
import { agentGroupsReceive, type AgentGroupsReceiveEvent } from "./agentGroupsReceive.js";
import { asked } from "./asked.js";
import { dapiQueue } from "./dapiQueue.js";
import { extraValidSend } from "./extraValidSend.js";
import { integrityApply, type IntegrityApplyReport } from "./integrityApply.js";
import { integrityCheck, type IntegrityCheckEvent } from "./integrityCheck.js";
import type { ReceivingEvent } from "./integritySync.js";
import type { WorkerContext, WorkerInput } from "./workerContext.js";
import { keepalive } from "./keepalive.js";
import { localServer } from "./localServer.js";
import { isService, serviceInputs, type NodeService } from "./nodeServices.js";
import { describeFailure, refuse, type Answer, type LogLine } from "./process.js";
import { crashedTooOften, isActive, noteCrash, restartDelay, stopOrphans } from "./supervision.js";
import { sendsyncQueue } from "./sendsyncQueue.js";

/** The processes of one connection to the master, by actor id. */
export const WORKER_PROCESSES = [
  "keepalive",
  "integrityCheck",
  "integrityApply",
  "extraValidSend",
  "agentInfoSend",
  "agentGroupsReceive",
] as const;
export type WorkerProcess = (typeof WORKER_PROCESSES)[number];

export type WorkerEvent =
  | IntegrityApplyReport
  | { type: "STARTED" }
  | { type: "LINK_CLOSED"; reason: string }
  | { type: "KEEPALIVE_LOST" }
  | { type: "MASTER_ASKED"; to: "integrityApply"; event: ReceivingEvent }
  | { type: "MASTER_ASKED"; to: "integrityCheck"; event: IntegrityCheckEvent }
  | { type: "MASTER_ASKED"; to: "agentInfoSend"; event: AgentInfoSendEvent }
  | { type: "MASTER_ASKED"; to: "agentGroupsReceive"; event: AgentGroupsReceiveEvent }
  | { type: "CHILD_RESTART_DUE"; child: WorkerProcess }
  | { type: "SERVICE_RESTART_DUE"; service: NodeService }
  | { type: "STOP_REQUESTED" }
  /** Something that the node can't do without is gone for good. */
  | { type: "NODE_FAILED"; error: unknown }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string }
  | { type: `xstate.done.actor.${string}`; output: unknown; actorId: string };

/** The retry is spread by up to this part of its interval, so that many workers don't return at once. */
const RECONNECT_JITTER = 0.2;

/** The process of the agents' groups, by where they travel. */
const GROUPS_PROCESS = { files: "extraValidSend", store: "agentGroupsReceive" } as const;

/** Id of the delayed event that starts a crashed process again. */
const restartOf = (child: WorkerProcess): string => `restart ${child}`;

const isProcess = (id: string): id is WorkerProcess => (WORKER_PROCESSES as readonly string[]).includes(id);

/** The root actor of a worker (actors.md; protocol.md 11). */
export const worker = setup({
  types: {
    context: {} as WorkerContext,
    events: {} as WorkerEvent,
    input: {} as WorkerInput,
    children: {} as {
      keepalive: "keepalive";
      integrityCheck: "integrityCheck";
      integrityApply: "integrityApply";
      extraValidSend: "extraValidSend";
      agentInfoSend: "agentInfoSend";
      agentGroupsReceive: "agentGroupsReceive";
      announceFeatures: "announceFeatures";
      dapiQueue: "dapiQueue";
      sendsyncQueue: "sendsyncQueue";
      localServer: "localServer";
    },
  },
  actors: {
    keepalive,
    integrityCheck,
    integrityApply,
    extraValidSend,
    agentInfoSend,
    agentGroupsReceive,
    dapiQueue,
    sendsyncQueue,
    localServer,
    /** Opens the link to the master. */
    connect: asked<void, Record<string, never>>("connect"),
    sayHello: asked<void, Record<string, never>>("sayHello"),
    /** Tells the master what this node can do beyond the protocol, and hears what the master can. */
    announceFeatures: asked<{ features: readonly string[] }, Record<string, never>>("announceFeatures"),
    /** Sends what is queued and closes the link. */
    closeLink: asked<void, Record<string, never>>("closeLink"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    /** What a service that crashed held is let go of. */
    abandonService: (_, _params: { service: NodeService }) => undefined,
    /** Closes the link, cancels transfers and removes what is left of them. */
    releaseConnection: () => undefined,
  },
  delays: {
    connectDeadline: ({ context }) => context.connectDeadline,
    retry: ({ context }) => context.retryIn,
    drainDeadline: ({ context }) => context.drainDeadline,
  },
}).createMachine({
  id: "worker",
  context: ({ input }) => ({
    ...input,
    attempts: 0,
    retryIn: input.connectionRetry,
    connectedAt: null,
    masterFeatures: [],
    lastError: null,
    crashes: {},
  }),
  initial: "disconnected",
  entry: [
    spawnChild("dapiQueue", { id: "dapiQueue", input: ({ context }) => serviceInputs(context).dapiQueue }),
    spawnChild("sendsyncQueue", { id: "sendsyncQueue", input: ({ context }) => serviceInputs(context).sendsyncQueue }),
    spawnChild("localServer", { id: "localServer", input: ({ context }) => serviceInputs(context).localServer }),
  ],
  on: {
    STOP_REQUESTED: ".draining",
    NODE_FAILED: {
      target: ".failed",
      actions: assign({
        lastError: ({ context, event }) => describeFailure(event.error, "node", context.clock.wallTime()),
      }),
    },
    // A process can crash in the moment in which the connection ends; the next connection starts a new one.
    "xstate.error.actor.*": {
      actions: enqueueActions(({ enqueue, context, event, self }) => {
        const service = event.type.slice("xstate.error.actor.".length);
        if (!isService(service)) return;
        enqueue(() => {
          stopOrphans(self.getSnapshot().children[service]);
        });
        const message = event.error instanceof Error ? event.error.message : String(event.error);
        const crashes = noteCrash(context.crashes, service, context.clock.now());
        enqueue.assign({ crashes });
        enqueue({ type: "log", params: { level: "error", message: `${service} crashed: ${message}`, subtag: "Main" } });
        enqueue({ type: "abandonService", params: { service } });
        if (crashedTooOften(crashes, service)) enqueue.raise({ type: "NODE_FAILED", error: event.error });
        else enqueue.raise({ type: "SERVICE_RESTART_DUE", service }, { delay: restartDelay(crashes, service) });
      }),
    },
    SERVICE_RESTART_DUE: {
      actions: enqueueActions(({ enqueue, context, event: { service }, self }) => {
        if (isActive(self.getSnapshot().children[service])) return;
        const inputs = serviceInputs(context);
        if (service === "dapiQueue") enqueue.spawnChild(service, { id: service, input: inputs[service] });
        else if (service === "sendsyncQueue") enqueue.spawnChild(service, { id: service, input: inputs[service] });
        else enqueue.spawnChild(service, { id: service, input: inputs[service] });
      }),
    },
    MASTER_ASKED: {
      actions: enqueueActions(({ enqueue, event }) => {
        if (!("requestId" in event.event)) return;
        const error = MusterError.cluster(3000, "this worker is not connected, or has not finished its handshake");
        enqueue({ type: "answer", params: refuse(event.event.requestId, error) });
      }),
    },
  },
  states: {
    disconnected: { on: { STARTED: "connecting" } },
    connecting: {
      entry: assign({ attempts: ({ context }) => context.attempts + 1 }),
      invoke: {
        src: "connect",
        input: {},
        onDone: "handshaking",
        onError: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context, event }) => describeFailure(event.error, "connecting", context.clock.wallTime()),
          }),
        },
      },
      after: {
        connectDeadline: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context }) =>
              describeFailure(new Error("the master did not take the connection in time"), "connecting", context.clock.wallTime()),
          }),
        },
      },
    },
    handshaking: {
      invoke: {
        src: "sayHello",
        input: {},
        onDone: "connected",
        onError: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context, event }) => describeFailure(event.error, "handshaking", context.clock.wallTime()),
          }),
        },
      },
      after: {
        connectDeadline: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context }) =>
              describeFailure(new Error("the master did not answer the hello in time"), "handshaking", context.clock.wallTime()),
          }),
        },
      },
      on: {
        LINK_CLOSED: {
          target: "waitingToReconnect",
          actions: assign({ lastError: ({ context, event }) => describeFailure(new Error(event.reason), "handshaking", context.clock.wallTime()) }),
        },
      },
    },
    connected: {
      entry: [
        assign({ attempts: 0, lastError: null, connectedAt: ({ context }) => context.clock.wallTime() }),
        { type: "log", params: { level: "info", message: "Successfully connected to master.", subtag: "Main" } },
        enqueueActions(({ enqueue, context }) => {
          if (context.announces) enqueue.spawnChild("announceFeatures", { id: "announceFeatures", input: {} });
        }),
        spawnChild("keepalive", { id: "keepalive", input: ({ context }) => processInputs(context).keepalive }),
        spawnChild("integrityCheck", { id: "integrityCheck", input: ({ context }) => processInputs(context).integrityCheck }),
        spawnChild("integrityApply", { id: "integrityApply", input: ({ context }) => processInputs(context).integrityApply }),
        spawnChild("agentInfoSend", { id: "agentInfoSend", input: ({ context }) => processInputs(context).agentInfoSend }),
        enqueueActions(({ enqueue, context }) => {
          const inputs = processInputs(context);
          const child = GROUPS_PROCESS[context.rules.agentGroups];
          if (child === "extraValidSend") enqueue.spawnChild(child, { id: child, input: inputs[child] });
          else enqueue.spawnChild(child, { id: child, input: inputs[child] });
        }),
      ],
      exit: [
        stopChild("keepalive"),
        stopChild("integrityCheck"),
        stopChild("integrityApply"),
        stopChild("extraValidSend"),
        stopChild("agentInfoSend"),
        stopChild("agentGroupsReceive"),
        stopChild("announceFeatures"),
        // A restart that is due later belongs to this connection; the next one starts its own processes.
        enqueueActions(({ enqueue }) => {
          for (const child of WORKER_PROCESSES) enqueue.cancel(restartOf(child));
        }),
        assign({ connectedAt: null, masterFeatures: [] }),
      ],
      on: {
        LINK_CLOSED: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context, event }) =>
              describeFailure(new Error(event.reason), "connected", context.clock.wallTime()),
          }),
        },
        KEEPALIVE_LOST: {
          target: "waitingToReconnect",
          actions: assign({
            lastError: ({ context }) =>
              describeFailure(new Error("the master does not answer keepalives"), "connected", context.clock.wallTime()),
          }),
        },
        MASTER_ASKED: {
          actions: enqueueActions(({ enqueue, event, self }) => {
            if (isActive(self.getSnapshot().children[event.to])) {
              enqueue.sendTo(event.to, event.event);
            } else if ("requestId" in event.event) {
              const error = MusterError.internal(1000, `the process ${event.to} is being restarted; ask again later`);
              enqueue({ type: "answer", params: refuse(event.event.requestId, error) });
            }
          }),
        },
        APPLY_STARTED: { actions: sendTo("integrityCheck", { type: "VERDICT_FILES_COMING" }) },
        APPLY_FINISHED: {
          actions: [
            sendTo("integrityCheck", { type: "FILES_APPLIED" }),
            enqueueActions(({ enqueue, event, self }) => {
              if (!isActive(self.getSnapshot().children["extraValidSend"])) return;
              enqueue.sendTo("extraValidSend", { type: "GROUPS_WANTED", paths: event.extraValid });
            }),
          ],
        },
        APPLY_FAILED: {
          actions: sendTo("integrityCheck", ({ event }) => ({ type: "FILES_NOT_APPLIED" as const, message: event.message })),
        },
        MASTER_REPORTED_ERROR: {
          actions: sendTo("integrityCheck", ({ event }) => ({ type: "VERDICT_FAILED" as const, message: event.message })),
        },
        CHILD_RESTART_DUE: {
          actions: enqueueActions(({ enqueue, context, event }) => {
            const inputs = processInputs(context);
            const { child } = event;
            if (child === "keepalive") enqueue.spawnChild(child, { id: child, input: inputs[child] });
            else if (child === "integrityCheck") enqueue.spawnChild(child, { id: child, input: inputs[child] });
            else if (child === "integrityApply") enqueue.spawnChild(child, { id: child, input: inputs[child] });
            else if (child === "extraValidSend") enqueue.spawnChild(child, { id: child, input: inputs[child] });
            else if (child === "agentGroupsReceive") enqueue.spawnChild(child, { id: child, input: inputs[child] });
            else enqueue.spawnChild(child, { id: child, input: inputs[child] });
          }),
        },
        "xstate.done.actor.announceFeatures": {
          actions: assign({ masterFeatures: ({ event }) => (event.output as { features: readonly string[] }).features }),
        },
        // A foreign master does not know the command.
        "xstate.error.actor.announceFeatures": {},
        // The keepalive actor ends when the master is lost, and has said so by KEEPALIVE_LOST.
        "xstate.done.actor.*": {},
        "xstate.error.actor.*": {
          guard: ({ event }) => isProcess(event.type.slice("xstate.error.actor.".length)),
          actions: enqueueActions(({ enqueue, context, event, self }) => {
            const child = event.type.slice("xstate.error.actor.".length);
            if (!isProcess(child)) return;
            enqueue(() => {
              stopOrphans(self.getSnapshot().children[child]);
            });
            const message = event.error instanceof Error ? event.error.message : String(event.error);
            const crashes = noteCrash(context.crashes, child, context.clock.now());
            enqueue.assign({ crashes });
            enqueue({ type: "log", params: { level: "error", message: `${child} crashed: ${message}`, subtag: "Main" } });
            if (crashedTooOften(crashes, child)) {
              enqueue.raise({ type: "LINK_CLOSED", reason: `${child} keeps crashing` });
              return;
            }
            enqueue.raise({ type: "CHILD_RESTART_DUE", child }, { id: restartOf(child), delay: restartDelay(crashes, child) });
            if (child === "integrityApply") {
              enqueue.sendTo("integrityCheck", { type: "FILES_NOT_APPLIED", message: `${child} crashed` });
            }
          }),
        },
      },
    },
    waitingToReconnect: {
      entry: [
        "releaseConnection",
        assign({
          retryIn: ({ context }) =>
            Math.round(context.connectionRetry * (1 + RECONNECT_JITTER * (2 * context.random() - 1))),
        }),
        {
          type: "log",
          params: ({ context }) => {
            const why = context.lastError?.message ?? "";
            const seconds = (context.retryIn / 1000).toFixed(1);
            return context.lastError?.step === "connected"
              ? {
                  level: "error" as const,
                  message: `Connection with server has been lost: ${why}. Reconnecting in ${seconds} seconds.`,
                  subtag: "Main",
                }
              : {
                  level: "error" as const,
                  message: `Could not connect to master: ${why}. Trying again in ${seconds} seconds.`,
                  subtag: "Main",
                };
          },
        },
      ],
      after: { retry: "connecting" },
    },
    draining: {
      invoke: { src: "closeLink", input: {}, onDone: "stopped", onError: "stopped" },
      after: { drainDeadline: "stopped" },
      on: { STOP_REQUESTED: {} },
    },
    stopped: { type: "final", entry: "releaseConnection" },
    failed: { type: "final", entry: "releaseConnection" },
  },
});

/** What each process of a connection starts with. */
function processInputs(context: WorkerContext) {
  const { clock, random, workDeadline, transferDeadline, timeoutReceivingFile, timeoutAgentGroups, agentGroupsMismatchLimit } = context;
  const { keepAlive, maxFailedKeepaliveAttempts, syncIntegrity, syncAgentInfo, syncAgentInfoKoRetry } = context;
  return {
    keepalive: { clock, keepAlive, maxFailedKeepaliveAttempts, workDeadline },
    integrityCheck: { clock, random, syncIntegrity, timeoutReceivingFile, workDeadline, transferDeadline },
    integrityApply: { clock, timeoutReceivingFile, workDeadline },
    extraValidSend: { clock, workDeadline, transferDeadline },
    agentGroupsReceive: { clock, timeoutAgentGroups, agentGroupsMismatchLimit, workDeadline },
    agentInfoSend: { clock, syncAgentInfo, syncAgentInfoKoRetry, timeoutReceivingFile, workDeadline, transferDeadline },
  };
}
