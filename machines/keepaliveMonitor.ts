import { assign, sendParent, setup } from "xstate";

export interface KeepaliveMonitorInput {
  /** Milliseconds between two checks. */
  readonly checkWorkerLastKeepalive: number;
}

/** Told to the parent at each check; it asks every peer when it last heard of its worker. */
export type KeepaliveCheckDue = { type: "KEEPALIVE_CHECK_DUE" };

/** Asks, now and then, that workers who fell silent are dropped (protocol.md 11). */
export const keepaliveMonitor = setup({
  types: {
    context: {} as KeepaliveMonitorInput & { readonly checks: number },
    input: {} as KeepaliveMonitorInput,
  },
  delays: { checkWorkerLastKeepalive: ({ context }) => context.checkWorkerLastKeepalive },
}).createMachine({
  id: "keepaliveMonitor",
  context: ({ input }) => ({ ...input, checks: 0 }),
  initial: "waiting",
  states: {
    waiting: { after: { checkWorkerLastKeepalive: "checking" } },
    checking: {
      entry: [
        sendParent((): KeepaliveCheckDue => ({ type: "KEEPALIVE_CHECK_DUE" })),
        assign({ checks: ({ context }) => context.checks + 1 }),
      ],
      always: "waiting",
    },
  },
});
