import { assign, sendParent, setup } from "xstate";
import { asked } from "./asked.js";
import type { LogLine, MachineClock } from "./process.js";

export interface KeepaliveInput {
  readonly clock: MachineClock;
  /** Milliseconds between two keepalives. */
  readonly keepAlive: number;
  /** Failures in a row after which the connection counts as lost. */
  readonly maxFailedKeepaliveAttempts: number;
  /** Milliseconds after which a keepalive that neither succeeds nor fails counts as failed. */
  readonly workDeadline: number;
}

export interface KeepaliveContext extends KeepaliveInput {
  readonly failures: number;
  /** Wall time of the last answered keepalive. */
  readonly lastAnswer: number | null;
}

/** Told to the worker when the master has stopped answering. */
export type KeepaliveLost = { type: "KEEPALIVE_LOST" };

const SUBTAG = "Keep Alive";

/** A worker's keepalives on one connection (protocol.md 11). */
export const keepalive = setup({
  types: { context: {} as KeepaliveContext, input: {} as KeepaliveInput },
  actors: {
    /** `echo-c keepalive`; its own timeout is the cluster request's. */
    ping: asked<void, Record<string, never>>("ping"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
  },
  guards: {
    isLastAttempt: ({ context }) => context.failures + 1 >= context.maxFailedKeepaliveAttempts,
  },
  delays: {
    keepAlive: ({ context }) => context.keepAlive,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "keepalive",
  context: ({ input }) => ({ ...input, failures: 0, lastAnswer: null }),
  initial: "waiting",
  states: {
    waiting: { after: { keepAlive: "pinging" } },
    pinging: {
      invoke: {
        src: "ping",
        input: {},
        onDone: {
          target: "waiting",
          actions: [
            assign({ failures: 0, lastAnswer: ({ context }) => context.clock.wallTime() }),
            {
              type: "log",
              params: { level: "debug", message: "Successful response from master: keepalive", subtag: SUBTAG },
            },
          ],
        },
        onError: [
          { guard: "isLastAttempt", target: "lost", actions: "countFailure" },
          {
            target: "waiting",
            actions: [
              "countFailure",
              {
                type: "log",
                params: ({ event }) => ({
                  level: "error",
                  message: `Error sending keep alive: ${event.error instanceof Error ? event.error.message : String(event.error)}`,
                  subtag: SUBTAG,
                }),
              },
            ],
          },
        ],
      },
      after: {
        workDeadline: [
          { guard: "isLastAttempt", target: "lost", actions: "countFailure" },
          {
            target: "waiting",
            actions: [
              "countFailure",
              { type: "log", params: { level: "error", message: "Error sending keep alive: no answer in time", subtag: SUBTAG } },
            ],
          },
        ],
      },
    },
    lost: {
      type: "final",
      entry: [
        {
          type: "log",
          params: {
            level: "error",
            message: "Maximum number of failed keep alives reached. Disconnecting from the master.",
            subtag: SUBTAG,
          },
        },
        sendParent((): KeepaliveLost => ({ type: "KEEPALIVE_LOST" })),
      ],
    },
  },
});
