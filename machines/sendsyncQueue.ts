import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import { asked } from "./asked.js";
import type { LogLine } from "./process.js";

/** A message for a daemon that waits for its turn. */
export interface QueuedMessage {
  readonly requestId: string;
  readonly origin: string;
}

export type SendsyncQueueEvent =
  | { type: "MESSAGE_RECEIVED"; message: QueuedMessage }
  | { type: `xstate.done.actor.${string}`; output: unknown; actorId: string }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string };

export interface SendsyncQueueInput {
  readonly concurrency: number;
  readonly capacity: number;
}

export interface SendsyncQueueContext extends SendsyncQueueInput {
  readonly running: readonly string[];
  readonly waiting: readonly QueuedMessage[];
  readonly received: number;
  readonly refused: number;
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
    refuse: (_, _params: { requestId: string }) => undefined,
  },
  guards: {
    isFull: ({ context }) => context.running.length >= context.concurrency && context.waiting.length >= context.capacity,
    isEmpty: ({ context }) => context.running.length === 0,
  },
}).createMachine({
  id: "sendsyncQueue",
  context: ({ input }) => ({ ...input, running: [], waiting: [], received: 0, refused: 0, failed: 0 }),
  initial: "idle",
  on: {
    MESSAGE_RECEIVED: {
      target: ".working",
      actions: assign({
        received: ({ context }) => context.received + 1,
        waiting: ({ context, event }) => [...context.waiting, event.message],
      }),
    },
    "xstate.done.actor.*": {
      target: ".working",
      actions: enqueueActions(({ enqueue, context, event }) => {
        const id = event.type.slice("xstate.done.actor.".length);
        enqueue.assign({ running: context.running.filter((running) => running !== id) });
        enqueue.stopChild(id);
      }),
    },
    "xstate.error.actor.*": {
      target: ".working",
      actions: enqueueActions(({ enqueue, context, event }) => {
        const id = event.type.slice("xstate.error.actor.".length);
        enqueue.assign({ running: context.running.filter((running) => running !== id), failed: context.failed + 1 });
        enqueue.stopChild(id);
        const message = event.error instanceof Error ? event.error.message : String(event.error);
        enqueue({ type: "log", params: { level: "error", message: `Error in SendSync: ${message}`, subtag: "SendSync" } });
      }),
    },
  },
  states: {
    idle: {},
    working: {
      entry: enqueueActions(({ enqueue, context }) => {
        const started = context.waiting.slice(0, Math.max(0, context.concurrency - context.running.length));
        if (started.length === 0) return;
        enqueue.assign({
          waiting: context.waiting.slice(started.length),
          running: [...context.running, ...started.map(({ requestId }) => requestId)],
        });
        for (const { requestId } of started) enqueue.spawnChild("deliver", { id: requestId, input: { requestId } });
      }),
      always: [
        { guard: "isFull", target: "saturated" },
        { guard: "isEmpty", target: "idle" },
      ],
    },
    saturated: {
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

export type SendsyncQueueRef = ActorRefFrom<typeof sendsyncQueue>;
