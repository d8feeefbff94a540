import { assign, setup, type ActorRefFrom } from "xstate";
import type { MachineClock } from "./process.js";

export type LocalClientEvent =
  | { type: "REQUEST_RECEIVED"; command: string }
  | { type: "LINK_CLOSED"; reason: string };

export interface LocalClientInput {
  /** Decimal number below 2^20 that names the client (protocol.md 12). */
  readonly clientId: string;
  readonly clock: MachineClock;
}

export interface LocalClientContext extends LocalClientInput {
  /** Wall time in milliseconds. */
  readonly connectedAt: number;
  readonly requests: number;
  readonly lastCommand: string | null;
  readonly closeReason: string | null;
}

/**
 * One client of the node's local socket (actors.md). `closed` is not final: the local server stops the actor, and
 * XState need not remember an event that is named after a client's number.
 */
export const localClient = setup({
  types: { context: {} as LocalClientContext, events: {} as LocalClientEvent, input: {} as LocalClientInput },
}).createMachine({
  id: "localClient",
  context: ({ input }) => ({ ...input, connectedAt: input.clock.wallTime(), requests: 0, lastCommand: null, closeReason: null }),
  initial: "connected",
  states: {
    connected: {
      on: {
        REQUEST_RECEIVED: {
          actions: assign({ requests: ({ context }) => context.requests + 1, lastCommand: ({ event }) => event.command }),
        },
        LINK_CLOSED: { target: "closed", actions: assign({ closeReason: ({ event }) => event.reason }) },
      },
    },
    closed: {},
  },
});

export type LocalClientRef = ActorRefFrom<typeof localClient>;
