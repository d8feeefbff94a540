import { assign, setup } from "xstate";

export type LocalClientEvent =
  | { type: "REQUEST_RECEIVED"; command: string }
  | { type: "LINK_CLOSED"; reason: string };

export interface LocalClientInput {
  /** Decimal number below 2^20 that names the client (protocol.md 12). */
  readonly clientId: string;
}

export interface LocalClientContext extends LocalClientInput {
  readonly requests: number;
  readonly lastCommand: string | null;
  readonly closeReason: string | null;
}

/** One client of the node's local socket (actors.md). */
export const localClient = setup({
  types: { context: {} as LocalClientContext, events: {} as LocalClientEvent, input: {} as LocalClientInput },
  actions: { release: (_, _params: { clientId: string }) => undefined },
}).createMachine({
  id: "localClient",
  context: ({ input }) => ({ ...input, requests: 0, lastCommand: null, closeReason: null }),
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
    closed: { type: "final", entry: { type: "release", params: ({ context }) => ({ clientId: context.clientId }) } },
  },
});
