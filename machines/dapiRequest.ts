import { assign, sendParent, setup, type ActorRefFrom } from "xstate";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import { asked } from "./asked.js";
import { describeFailure, type LogLine, type MachineClock, type ProcessFailure } from "./process.js";

/** How a request is to be answered (dapi.md 1.2). */
export type DapiRoute =
  /** Run the function here. */
  | "execute"
  /** Ask the master and hand on its answer. */
  | "askMaster"
  /** Find the nodes that it concerns, and ask them. */
  | "solve";

/** A request as its machines know it; its texts stay with the node. */
export interface QueuedRequest {
  readonly requestId: string;
  readonly functionName: string;
  /** Who asks, for people. */
  readonly origin: string;
  /** Who asks, for the node: when it is lost, so are its requests. */
  readonly askerId: string;
  readonly route: DapiRoute;
  /** Milliseconds for the function's own work here. */
  readonly executionDeadline: number;
  /** Milliseconds for the answers of other nodes. */
  readonly requestDeadline: number;
}

export type DapiRequestEvent =
  | { type: "REQUEST_ASSIGNED"; request: QueuedRequest }
  | { type: "ASKER_LOST"; askerId: string };

/** Told to the queue. */
export interface DapiRequestReport {
  readonly type: "REQUEST_FINISHED";
  readonly slot: string;
}

export interface DapiRequestInput {
  /** This actor among those of the queue. */
  readonly slot: string;
  readonly clock: MachineClock;
  /** Milliseconds for resolving a request and for its answer to be taken. */
  readonly stepDeadline: number;
}

export interface DapiRequestContext extends DapiRequestInput {
  /** The request in work, or the last one; null before the first. */
  readonly request: QueuedRequest | null;
  /** Wall time in milliseconds. */
  readonly startedAt: number | null;
  /** Requests that were assigned to this actor. */
  readonly requests: number;
  readonly failures: number;
  readonly lastError: ProcessFailure | null;
}

type Scope = { context: DapiRequestContext };

const idOf = ({ context }: Scope): { requestId: string } => ({ requestId: context.request?.requestId ?? "" });

const failed = {
  target: "responding",
  actions: { type: "answerWithError", params: ({ context, event }: Scope & { event: { error: unknown } }) => ({ ...idOf({ context }), error: event.error }) },
} as const;

const timedOut = {
  target: "responding",
  actions: { type: "answerWithError", params: (scope: Scope) => ({ ...idOf(scope), error: MusterError.internal(3021) }) },
} as const;

/** The last actions of a request: the node lets go of its texts, and the queue of its actor. */
const finish = [{ type: "forget", params: idOf }, "reportFinished"] as const;

const tellFailure = {
  type: "log",
  params: ({ context: { request, lastError } }: Scope): LogLine => ({
    level: "error",
    message: `Error in DAPI request ${request?.functionName ?? ""} of ${request?.origin ?? ""}: ${lastError?.message ?? ""}`,
    subtag: "D API",
  }),
} as const;

/** How the states in which a request is in work end when nobody waits for it any more. */
const givenUp = {
  ASKER_LOST: {
    guard: "isItsAsker",
    target: "failed",
    actions: [{ type: "noteFailure", params: ({ event }: { event: { askerId: string } }) => ({ error: new Error(`the asker ${event.askerId} is gone`), step: "asker" }) }, ...finish],
  },
} as const;

/**
 * One distributed request from its resolution to its answer (actors.md; dapi.md 1). The actor stays when its request is
 * done and takes the next one: a queue has a bounded set of them, so that neither their number nor XState's memory of
 * their names grows with the requests.
 */
export const dapiRequest = setup({
  types: { context: {} as DapiRequestContext, events: {} as DapiRequestEvent, input: {} as DapiRequestInput },
  actors: {
    /** Finds the nodes that the request concerns. */
    resolve: asked<void, { requestId: string }>("resolve"),
    /** Runs the function here; its result, or the error that it amounts to, waits to be sent. */
    execute: asked<void, { requestId: string }>("execute"),
    /** Hands the request on to the master or to the nodes, until each has taken it. */
    forward: asked<void, { requestId: string }>("forward"),
    /** Waits for the answers, and merges them. */
    collect: asked<void, { requestId: string }>("collect"),
    /** Sends the result by the way that the request came. */
    respond: asked<void, { requestId: string }>("respond"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    /** The error becomes the request's result. */
    answerWithError: (_, _params: { requestId: string; error: unknown }) => undefined,
    /** Lets go of the request's texts. */
    forget: (_, _params: { requestId: string }) => undefined,
    begin: assign(({ context, event }) =>
      event.type === "REQUEST_ASSIGNED"
        ? { request: event.request, startedAt: context.clock.wallTime(), requests: context.requests + 1 }
        : {},
    ),
    noteFailure: assign(({ context }, { error, step }: { error: unknown; step: string }) => ({
      failures: context.failures + 1,
      lastError: describeFailure(error, step, context.clock.wallTime()),
    })),
    reportFinished: sendParent(({ context }: Scope): DapiRequestReport => ({ type: "REQUEST_FINISHED", slot: context.slot })),
  },
  guards: {
    isLocal: ({ event }) => event.type === "REQUEST_ASSIGNED" && event.request.route === "execute",
    isTheMasters: ({ event }) => event.type === "REQUEST_ASSIGNED" && event.request.route === "askMaster",
    isItsAsker: ({ context, event }) => event.type === "ASKER_LOST" && event.askerId === context.request?.askerId,
  },
  delays: {
    stepDeadline: ({ context }) => context.stepDeadline,
    executionDeadline: ({ context }) => context.request?.executionDeadline ?? 0,
    requestDeadline: ({ context }) => context.request?.requestDeadline ?? 0,
  },
}).createMachine({
  id: "dapiRequest",
  context: ({ input }) => ({ ...input, request: null, startedAt: null, requests: 0, failures: 0, lastError: null }),
  initial: "done",
  states: {
    resolving: {
      invoke: { src: "resolve", input: idOf, onDone: "forwarding", onError: failed },
      after: { stepDeadline: timedOut },
      on: givenUp,
    },
    executing: {
      invoke: { src: "execute", input: idOf, onDone: "responding", onError: failed },
      after: { executionDeadline: timedOut },
      on: givenUp,
    },
    forwarding: {
      invoke: { src: "forward", input: idOf, onDone: "collecting", onError: failed },
      after: { stepDeadline: timedOut },
      on: givenUp,
    },
    collecting: {
      invoke: { src: "collect", input: idOf, onDone: "responding", onError: failed },
      after: { requestDeadline: timedOut },
      on: givenUp,
    },
    responding: {
      invoke: {
        src: "respond",
        input: idOf,
        onDone: { target: "done", actions: finish },
        onError: {
          target: "failed",
          actions: [{ type: "noteFailure", params: ({ event }) => ({ error: event.error, step: "responding" }) }, tellFailure, ...finish],
        },
      },
      after: {
        stepDeadline: {
          target: "failed",
          actions: [
            { type: "noteFailure", params: { error: new Error("the asker did not take the answer in time"), step: "responding" } },
            tellFailure,
            ...finish,
          ],
        },
      },
      on: givenUp,
    },
    done: { on: { REQUEST_ASSIGNED: assigned() } },
    failed: { on: { REQUEST_ASSIGNED: assigned() } },
  },
});

/** The next request: its route decides where it begins. */
function assigned() {
  return [
    { guard: "isLocal", target: "executing", actions: "begin" },
    { guard: "isTheMasters", target: "forwarding", actions: "begin" },
    { target: "resolving", actions: "begin" },
  ] as const;
}

export type DapiRequestRef = ActorRefFrom<typeof dapiRequest>;
