import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import { asked } from "./asked.js";
import type { LogLine } from "./process.js";
import { freeSlots, slotOf } from "./slots.js";

/** A message for a daemon that waits for its turn. */
export interface QueuedMessage {
  readonly requestId: string;
  /** Who sent it: when it is lost, nobody waits for the reply. */
  readonly askerId: string;
}

export type SendsyncQueueEvent =
  | { type: "MESSAGE_RECEIVED"; message: QueuedMessage }
  | { type: "ASKER_LOST"; askerId: string }
  | { type: `xstate.done.actor.${string}`; output: unknown; actorId: string }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string };

export interface SendsyncQueueInput {
  readonly concurrency: number;
  /** Messages that may wait besides; one more is refused. */
  readonly capacity: number;
}

export interface SendsyncQueueContext extends SendsyncQueueInput {
  readonly running: readonly { readonly slot: string; readonly askerId: string }[];
  readonly waiting: readonly QueuedMessage[];
  readonly free: readonly string[];
  readonly received: number;
  readonly refused: number;
  readonly dropped: number;
  readonly failed: number;
}

/** Messages of other nodes to this node's daemons: several at a time, bounded (actors.md; dapi.md 7). */
export const sendsyncQueue = setup({
  types: {
    context: {} as SendsyncQueueContext,
    events: {} as SendsyncQueueEvent,
    input: {} as SendsyncQueueInput,
  },
  actors: {
    /** Sends the message to the daemon and its reply, or the error, to the asker; bounded in time. */
    deliver: asked<void, { requestId: string }>("deliver"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    /** The asker is told that the queue is full, and the message is forgotten. */
    refuse: (_, _params: { requestId: string }) => undefined,
    /** The message is forgotten without a reply. */
    drop: (_, _params: { requestId: string }) => undefined,
    dispatch: enqueueActions(({ enqueue, context }) => {
      const { waiting, free, running } = context;
      const count = Math.min(waiting.length, free.length);
      if (count === 0) return;
      const begun = waiting.slice(0, count).map((message, at) => ({ message, slot: free[free.length - 1 - at] ?? "" }));
      for (const { message, slot } of begun) enqueue.spawnChild("deliver", { id: slot, input: { requestId: message.requestId } });
      enqueue.assign({
        waiting: waiting.slice(count),
        free: free.slice(0, free.length - count),
        running: [...running, ...begun.map(({ message, slot }) => ({ slot, askerId: message.askerId }))],
      });
    }),
  },
  guards: {
    isFull: ({ context }) => context.free.length === 0 && context.waiting.length >= context.capacity,
    isEmpty: ({ context }) => context.running.length === 0,
  },
}).createMachine({
  id: "sendsyncQueue",
  context: ({ input }) => ({
    ...input,
    running: [],
    waiting: [],
    free: freeSlots(input.concurrency),
    received: 0,
    refused: 0,
    dropped: 0,
    failed: 0,
  }),
  initial: "idle",
  on: {
    MESSAGE_RECEIVED: {
      actions: [
        assign({ received: ({ context }) => context.received + 1, waiting: ({ context, event }) => [...context.waiting, event.message] }),
        "dispatch",
      ],
    },
    ASKER_LOST: {
      actions: [
        enqueueActions(({ enqueue, context, event }) => {
          const lost = context.waiting.filter(({ askerId }) => askerId === event.askerId);
          const inWork = context.running.filter(({ askerId }) => askerId === event.askerId);
          if (lost.length + inWork.length === 0) return;
          enqueue.assign({
            waiting: context.waiting.filter(({ askerId }) => askerId !== event.askerId),
            dropped: context.dropped + lost.length + inWork.length,
            running: context.running.filter(({ askerId }) => askerId !== event.askerId),
            free: [...context.free, ...inWork.map(({ slot }) => slot)],
          });
          for (const { requestId } of lost) enqueue({ type: "drop", params: { requestId } });
          for (const { slot } of inWork) enqueue.stopChild(slot);
        }),
        "dispatch",
      ],
    },
    "xstate.done.actor.*": {
      actions: [
        enqueueActions(({ enqueue, context, event }) => {
          const slot = slotOf(event.type);
          enqueue.stopChild(slot);
          enqueue.assign(released(context, slot));
        }),
        "dispatch",
      ],
    },
    "xstate.error.actor.*": {
      actions: [
        enqueueActions(({ enqueue, context, event }) => {
          const slot = slotOf(event.type);
          enqueue.stopChild(slot);
          enqueue.assign({ ...released(context, slot), failed: context.failed + 1 });
          const message = event.error instanceof Error ? event.error.message : String(event.error);
          enqueue({ type: "log", params: { level: "error", message: `Error in SendSync: ${message}`, subtag: "SendSync" } });
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
        MESSAGE_RECEIVED: {
          actions: [
            assign({ refused: ({ context }) => context.refused + 1 }),
            { type: "refuse", params: ({ event }) => ({ requestId: event.message.requestId }) },
          ],
        },
      },
    },
  },
});

function released({ running, free }: SendsyncQueueContext, slot: string): Pick<SendsyncQueueContext, "running" | "free"> {
  const others = running.filter((delivery) => delivery.slot !== slot);
  return others.length === running.length ? { running, free } : { running: others, free: [...free, slot] };
}

export type SendsyncQueueRef = ActorRefFrom<typeof sendsyncQueue>;
