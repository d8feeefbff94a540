import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import { dapiRequest } from "./dapiRequest.js";
import type { LogLine, MachineClock } from "./process.js";

/** A request that waits for its turn. */
export interface QueuedRequest {
  readonly requestId: string;
  readonly functionName: string;
  readonly origin: string;
  /** Milliseconds; null: as long as it takes. */
  readonly requestDeadline: number | null;
}

export type DapiQueueEvent =
  | { type: "REQUEST_RECEIVED"; request: QueuedRequest }
  /** The asker is gone: nobody waits for its requests. */
  | { type: "ASKER_LOST"; origin: string }
  | { type: `xstate.done.actor.${string}`; output: unknown; actorId: string }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string };

export interface DapiQueueInput {
  readonly clock: MachineClock;
  /** Requests that are worked on at a time. */
  readonly concurrency: number;
  /** Requests that may wait besides; one more is refused. */
  readonly capacity: number;
  /** Milliseconds for a request's resolution and answer. */
  readonly stepDeadline: number;
}

export interface DapiQueueContext extends DapiQueueInput {
  readonly running: Readonly<Record<string, QueuedRequest>>;
  readonly waiting: readonly QueuedRequest[];
  readonly received: number;
  readonly refused: number;
  readonly crashed: number;
}

const count = (context: DapiQueueContext): number => Object.keys(context.running).length;

/**
 * The queue of distributed requests: several at a time, so that a slow one holds up no other, and
 * bounded, so that a flood is refused instead of kept (actors.md).
 */
export const dapiQueue = setup({
  types: { context: {} as DapiQueueContext, events: {} as DapiQueueEvent, input: {} as DapiQueueInput },
  actors: { dapiRequest },
  actions: {
    log: (_, _params: LogLine) => undefined,
    /** The asker is told that the queue is full, and the request is forgotten. */
    refuse: (_, _params: { requestId: string }) => undefined,
    /** The request is forgotten without an answer. */
    drop: (_, _params: { requestId: string }) => undefined,
  },
  guards: {
    isFull: ({ context }) => count(context) >= context.concurrency && context.waiting.length >= context.capacity,
    isEmpty: ({ context }) => count(context) === 0,
  },
}).createMachine({
  id: "dapiQueue",
  context: ({ input }) => ({ ...input, running: {}, waiting: [], received: 0, refused: 0, crashed: 0 }),
  initial: "idle",
  on: {
    REQUEST_RECEIVED: {
      target: ".working",
      actions: [
        assign({
          received: ({ context }) => context.received + 1,
          waiting: ({ context, event }) => [...context.waiting, event.request],
        }),
      ],
    },
    ASKER_LOST: {
      actions: enqueueActions(({ enqueue, context, event }) => {
        const lost = context.waiting.filter(({ origin }) => origin === event.origin);
        if (lost.length === 0) return;
        enqueue.assign({ waiting: context.waiting.filter(({ origin }) => origin !== event.origin) });
        for (const { requestId } of lost) enqueue({ type: "drop", params: { requestId } });
      }),
    },
    "xstate.done.actor.*": {
      target: ".working",
      actions: enqueueActions(({ enqueue, context, event }) => {
        const id = event.type.slice("xstate.done.actor.".length);
        enqueue.assign({ running: without(context.running, id) });
        enqueue.stopChild(id);
      }),
    },
    "xstate.error.actor.*": {
      target: ".working",
      actions: enqueueActions(({ enqueue, context, event }) => {
        const id = event.type.slice("xstate.error.actor.".length);
        enqueue.assign({ running: without(context.running, id), crashed: context.crashed + 1 });
        enqueue.stopChild(id);
        enqueue({ type: "refuse", params: { requestId: id } });
        const message = event.error instanceof Error ? event.error.message : String(event.error);
        enqueue({ type: "log", params: { level: "error", message: `A DAPI request crashed: ${message}`, subtag: "D API" } });
      }),
    },
  },
  states: {
    idle: {},
    working: {
      entry: enqueueActions(({ enqueue, context }) => {
        const { clock, stepDeadline, concurrency } = context;
        const started = context.waiting.slice(0, Math.max(0, concurrency - count(context)));
        if (started.length === 0) return;
        enqueue.assign({
          waiting: context.waiting.slice(started.length),
          running: { ...context.running, ...Object.fromEntries(started.map((request) => [request.requestId, request])) },
        });
        for (const request of started) {
          enqueue.spawnChild("dapiRequest", { id: request.requestId, input: { ...request, clock, stepDeadline } });
        }
      }),
      always: [
        { guard: "isFull", target: "saturated" },
        { guard: "isEmpty", target: "idle" },
      ],
    },
    saturated: {
      on: {
        REQUEST_RECEIVED: {
          actions: [
            assign({ refused: ({ context }) => context.refused + 1 }),
            { type: "refuse", params: ({ event }) => ({ requestId: event.request.requestId }) },
          ],
        },
      },
    },
  },
});

function without(running: DapiQueueContext["running"], id: string): DapiQueueContext["running"] {
  const { [id]: _done, ...others } = running;
  return others;
}

export type DapiQueueRef = ActorRefFrom<typeof dapiQueue>;
