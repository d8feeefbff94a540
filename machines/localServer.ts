import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import { localClient } from "./localClient.js";
import type { MachineClock } from "./process.js";

export type LocalServerEvent =
  | { type: "CLIENT_CONNECTED"; clientId: string }
  | { type: "CLIENT_ASKED"; clientId: string; command: string }
  | { type: "CLIENT_CLOSED"; clientId: string; reason: string };

export interface LocalServerInput {
  readonly clock: MachineClock;
  /** Clients at once; one more is refused. */
  readonly capacity: number;
}

export interface LocalServerContext extends LocalServerInput {
  readonly clients: number;
  readonly accepted: number;
  readonly refused: number;
}

/** The clients of the node's local socket, a bounded number of them (actors.md; protocol.md 12). */
export const localServer = setup({
  types: { context: {} as LocalServerContext, events: {} as LocalServerEvent, input: {} as LocalServerInput },
  actors: { localClient },
  actions: {
    /** There are too many clients: the connection is closed. */
    refuseClient: (_, _params: { clientId: string }) => undefined,
  },
  guards: {
    isFull: ({ context }) => context.clients >= context.capacity,
  },
}).createMachine({
  id: "localServer",
  context: ({ input }) => ({ ...input, clients: 0, accepted: 0, refused: 0 }),
  initial: "idle",
  on: {
    CLIENT_CONNECTED: {
      actions: enqueueActions(({ enqueue, context, event: { clientId } }) => {
        enqueue.spawnChild("localClient", { id: clientId, input: { clientId, clock: context.clock } });
        enqueue.assign({ clients: context.clients + 1, accepted: context.accepted + 1 });
      }),
    },
    CLIENT_ASKED: {
      actions: enqueueActions(({ enqueue, event: { clientId, command }, self }) => {
        if (clientId in self.getSnapshot().children) enqueue.sendTo(clientId, { type: "REQUEST_RECEIVED", command });
      }),
    },
    CLIENT_CLOSED: {
      actions: enqueueActions(({ enqueue, context, event: { clientId, reason }, self }) => {
        // One that was refused was never among them.
        if (!(clientId in self.getSnapshot().children)) return;
        enqueue.sendTo(clientId, { type: "LINK_CLOSED", reason });
        enqueue.stopChild(clientId);
        enqueue.assign({ clients: context.clients - 1 });
      }),
    },
  },
  states: {
    idle: { always: { guard: ({ context }) => context.clients > 0, target: "serving" } },
    serving: {
      always: [
        { guard: "isFull", target: "saturated" },
        { guard: ({ context }) => context.clients === 0, target: "idle" },
      ],
    },
    saturated: {
      always: { guard: ({ context }) => context.clients < context.capacity, target: "serving" },
      on: {
        CLIENT_CONNECTED: {
          actions: [
            assign({ refused: ({ context }) => context.refused + 1 }),
            { type: "refuseClient", params: ({ event }) => ({ clientId: event.clientId }) },
          ],
        },
      },
    },
  },
});

export type LocalServerRef = ActorRefFrom<typeof localServer>;
