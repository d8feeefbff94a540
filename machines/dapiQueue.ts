import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import { dapiRequest, type DapiRequestReport, type QueuedRequest } from "./dapiRequest.js";
import type { LogLine, MachineClock } from "./process.js";
import { freeSlots, slotOf } from "./slots.js";
import { isActive, stopOrphans } from "./supervision.js";

export type DapiQueueEvent =
  | DapiRequestReport
  | { type: "REQUEST_RECEIVED"; request: QueuedRequest }
  /** The asker is gone: nobody waits for its requests. */
  | { type: "ASKER_LOST"; askerId: string }
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

/** A request in work, and the actor that works on it. */
interface Assignment {
  readonly slot: string;
  readonly requestId: string;
  readonly askerId: string;
}

export interface DapiQueueContext extends DapiQueueInput {
  readonly running: readonly Assignment[];
  readonly waiting: readonly QueuedRequest[];
  /** Actors without a request, the next one last; those that were never needed are not started yet. */
  readonly free: readonly string[];
  readonly received: number;
  readonly refused: number;
  /** Requests whose asker went away before they were done. */
  readonly dropped: number;
  readonly crashed: number;
}

/**
 * The queue of distributed requests: several at a time, so that a slow one holds up no other, and bounded, so that a
 * flood is refused instead of kept (actors.md). The actors that do the work are started when they are first needed and
 * used again and again.
 */
export const dapiQueue = setup({
  types: { context: {} as DapiQueueContext, events: {} as DapiQueueEvent, input: {} as DapiQueueInput },
  actors: { dapiRequest },
  actions: {
    log: (_, _params: LogLine) => undefined,
    /** The asker is told that the request will not be worked on, and why; it is forgotten. */
    refuse: (_, _params: { requestId: string; reason: "full" | "crashed" }) => undefined,
    /** The request is forgotten without an answer. */
    drop: (_, _params: { requestId: string }) => undefined,
    /** Hands a waiting request to each free actor. */
    dispatch: enqueueActions(({ enqueue, context, self }) => {
      const { waiting, free, running, clock, stepDeadline } = context;
      const count = Math.min(waiting.length, free.length);
      if (count === 0) return;
      const begun: Assignment[] = [];
      for (let at = 0; at < count; at += 1) {
        const request = waiting[at];
        const slot = free[free.length - 1 - at];
        if (request === undefined || slot === undefined) break;
        if (!isActive(self.getSnapshot().children[slot])) enqueue.spawnChild("dapiRequest", { id: slot, input: { slot, clock, stepDeadline } });
        enqueue.sendTo(slot, { type: "REQUEST_ASSIGNED", request });
        begun.push({ slot, requestId: request.requestId, askerId: request.askerId });
      }
      enqueue.assign({ waiting: waiting.slice(count), free: free.slice(0, free.length - count), running: [...running, ...begun] });
    }),
  },
  guards: {
    isFull: ({ context }) => context.free.length === 0 && context.waiting.length >= context.capacity,
    isEmpty: ({ context }) => context.running.length === 0,
  },
}).createMachine({
  id: "dapiQueue",
  context: ({ input }) => ({
    ...input,
    running: [],
    waiting: [],
    free: freeSlots(input.concurrency),
    received: 0,
    refused: 0,
    dropped: 0,
    crashed: 0,
  }),
  initial: "idle",
  on: {
    REQUEST_RECEIVED: {
      actions: [
        assign({ received: ({ context }) => context.received + 1, waiting: ({ context, event }) => [...context.waiting, event.request] }),
        "dispatch",
      ],
    },
    REQUEST_FINISHED: { actions: [assign(({ context, event }) => released(context, event.slot)), "dispatch"] },
    ASKER_LOST: {
      actions: enqueueActions(({ enqueue, context, event }) => {
        const isLost = ({ askerId }: { askerId: string }): boolean => askerId === event.askerId;
        const lost = context.waiting.filter(isLost);
        const inWork = context.running.filter(isLost);
        if (lost.length + inWork.length === 0) return;
        enqueue.assign({
          waiting: context.waiting.filter((request) => !isLost(request)),
          dropped: context.dropped + lost.length + inWork.length,
        });
        for (const { requestId } of lost) enqueue({ type: "drop", params: { requestId } });
        for (const { slot } of inWork) enqueue.sendTo(slot, event);
      }),
    },
    "xstate.error.actor.*": {
      actions: [
        enqueueActions(({ enqueue, context, event, self }) => {
          const slot = slotOf(event.type);
          const { [slot]: child } = self.getSnapshot().children;
          const work = context.running.find((running) => running.slot === slot);
          enqueue(() => {
            stopOrphans(child);
          });
          enqueue.stopChild(slot);
          enqueue.assign({ ...released(context, slot), crashed: context.crashed + 1 });
          if (work !== undefined) enqueue({ type: "refuse", params: { requestId: work.requestId, reason: "crashed" } });
          const message = event.error instanceof Error ? event.error.message : String(event.error);
          enqueue({ type: "log", params: { level: "error", message: `A DAPI request crashed: ${message}`, subtag: "D API" } });
        }),
        "dispatch",
      ],
    },
  },
  states: {
    idle: { always: { guard: ({ context }) => context.running.length > 0, target: "working" } },
    working: {
      always: [
        { guard: "isFull", target: "saturated" },
        { guard: "isEmpty", target: "idle" },
      ],
    },
    saturated: {
      always: { guard: ({ context }) => context.free.length > 0 || context.waiting.length < context.capacity, target: "working" },
      on: {
        REQUEST_RECEIVED: {
          actions: [
            assign({ refused: ({ context }) => context.refused + 1 }),
            { type: "refuse", params: ({ event }) => ({ requestId: event.request.requestId, reason: "full" }) },
          ],
        },
      },
    },
  },
});

/** The queue without the work of this actor, which is free again. */
function released({ running, free }: DapiQueueContext, slot: string): Pick<DapiQueueContext, "running" | "free"> {
  const others = running.filter((assignment) => assignment.slot !== slot);
  return others.length === running.length ? { running, free } : { running: others, free: [...free, slot] };
}

export type DapiQueueRef = ActorRefFrom<typeof dapiQueue>;
