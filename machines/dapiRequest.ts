import { assign, setup } from "xstate";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import { asked } from "./asked.js";
import { describeFailure, type LogLine, type MachineClock, type ProcessFailure } from "./process.js";

/** How a request is to be answered (dapi.md 1.2). */
export type Resolution =
  | { readonly kind: "execute" }
  /** Ask the master. */
  | { readonly kind: "askMaster" }
  /** Ask several nodes, this one perhaps among them. */
  | { readonly kind: "askNodes"; readonly nodes: readonly string[] };

export interface DapiRequestInput {
  /** This request among those of the queue. */
  readonly requestId: string;
  readonly clock: MachineClock;
  /** Function and asker, for people. */
  readonly functionName: string;
  readonly origin: string;
  /** Milliseconds for resolving and answering; what is done in between has the request's own time. */
  readonly stepDeadline: number;
  /** Milliseconds for the execution and for the answers of other nodes; null: as long as it takes (`wait_for_complete`). */
  readonly requestDeadline: number | null;
}

export interface DapiRequestContext extends DapiRequestInput {
  readonly startedAt: number;
  readonly resolution: Resolution | null;
  readonly lastError: ProcessFailure | null;
}

const failed = {
  target: "responding",
  actions: {
    type: "answerWithError",
    params: ({ context, event }: { context: DapiRequestContext; event: { error: unknown } }) => ({
      requestId: context.requestId,
      error: event.error,
    }),
  },
} as const;

const timedOut = {
  target: "responding",
  actions: {
    type: "answerWithError",
    params: ({ context }: { context: DapiRequestContext }) => ({
      requestId: context.requestId,
      error: MusterError.internal(3021),
    }),
  },
} as const;

/** One distributed request from its resolution to its answer (actors.md; dapi.md 1). Its texts stay with the node. */
export const dapiRequest = setup({
  types: { context: {} as DapiRequestContext, input: {} as DapiRequestInput },
  actors: {
    resolve: asked<Resolution, { requestId: string }>("resolve"),
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
  },
  delays: {
    stepDeadline: ({ context }) => context.stepDeadline,
    /** Longer than any timer can run: a request that waits for completion has no end of its own. */
    requestDeadline: ({ context }) => context.requestDeadline ?? 2 ** 31 - 1,
  },
}).createMachine({
  id: "dapiRequest",
  context: ({ input }) => ({ ...input, startedAt: input.clock.wallTime(), resolution: null, lastError: null }),
  initial: "resolving",
  states: {
    resolving: {
      invoke: {
        src: "resolve",
        input: ({ context }) => ({ requestId: context.requestId }),
        onDone: [
          { guard: ({ event }) => event.output.kind === "execute", target: "executing" },
          {
            target: "forwarding",
            actions: assign({ resolution: ({ event }) => event.output }),
          },
        ],
        onError: failed,
      },
      after: { stepDeadline: timedOut },
    },
    executing: {
      invoke: {
        src: "execute",
        input: ({ context }) => ({ requestId: context.requestId }),
        onDone: "responding",
        onError: failed,
      },
      after: { requestDeadline: timedOut },
    },
    forwarding: {
      invoke: {
        src: "forward",
        input: ({ context }) => ({ requestId: context.requestId }),
        onDone: "collecting",
        onError: failed,
      },
      after: { stepDeadline: timedOut },
    },
    collecting: {
      invoke: {
        src: "collect",
        input: ({ context }) => ({ requestId: context.requestId }),
        onDone: "responding",
        onError: failed,
      },
      after: { requestDeadline: timedOut },
    },
    responding: {
      invoke: {
        src: "respond",
        input: ({ context }) => ({ requestId: context.requestId }),
        onDone: "done",
        onError: {
          target: "failed",
          actions: assign({
            lastError: ({ context, event }) => describeFailure(event.error, "responding", context.clock.wallTime()),
          }),
        },
      },
      after: {
        stepDeadline: {
          target: "failed",
          actions: assign({
            lastError: ({ context }) => describeFailure(new Error("the asker did not take the answer in time"), "responding", context.clock.wallTime()),
          }),
        },
      },
    },
    done: { type: "final", entry: { type: "forget", params: ({ context }) => ({ requestId: context.requestId }) } },
    failed: {
      type: "final",
      entry: [
        { type: "forget", params: ({ context }) => ({ requestId: context.requestId }) },
        {
          type: "log",
          params: ({ context }) => ({
            level: "error",
            message: `Error in DAPI request ${context.functionName} of ${context.origin}: ${context.lastError?.message ?? ""}`,
            subtag: "D API",
          }),
        },
      ],
    },
  },
});
