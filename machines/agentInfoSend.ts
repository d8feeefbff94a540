import { assign, setup } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import type { AgentInfoOutcome } from "./agentInfoSync.js";
import { asked } from "./asked.js";
import {
  failedIn,
  NEW_RECORD,
  ok,
  roundFailed,
  roundSeconds,
  roundStarted,
  roundSucceeded,
  tooLongIn,
  type Answer,
  type LogLine,
  type MachineClock,
  type Period,
  type ProcessRecord,
} from "./process.js";

export type AgentInfoSendEvent =
  /** `syn_m_a_e`. */
  | { type: "RESULT_RECEIVED"; requestId: number; outcome: AgentInfoOutcome }
  /** `syn_m_a_err`. */
  | { type: "RESULT_FAILED"; requestId: number; message: string };

export interface AgentInfoSendInput {
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly syncAgentInfo: number;
  readonly syncAgentInfoKoRetry: number;
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
}

export interface AgentInfoSendContext extends AgentInfoSendInput {
  readonly record: ProcessRecord;
  /** Milliseconds until the next round. */
  readonly nextRound: number;
  readonly chunks: number;
  readonly outcome: AgentInfoOutcome | null;
  readonly lastSync: (Period & { readonly chunks: number }) | null;
}

const SUBTAG = "Agent-info sync";
/** Errors of the master that are kept and logged, and characters of each: it may send any number of them. */
const ERRORS_KEPT = 10;
const ERROR_CHARACTERS = 200;

/** The outcome with as much of its errors as a person reads. */
function shortened({ updatedChunks, errorMessages }: AgentInfoOutcome): AgentInfoOutcome {
  const kept = errorMessages
    .slice(0, ERRORS_KEPT)
    .map((text) => (text.length <= ERROR_CHARACTERS ? text : `${text.slice(0, ERROR_CHARACTERS)}…`));
  const rest = errorMessages.length - kept.length;
  return { updatedChunks, errorMessages: rest === 0 ? kept : [...kept, `and ${String(rest)} more`] };
}

const received = () => ({
  RESULT_RECEIVED: {
    target: "#agentInfoSend.free" as const,
    actions: [
      { type: "answer" as const, params: ({ event }: { event: { requestId: number } }) => ok(event.requestId, ANSWER_TEXT.thanks) },
      { type: "recordOutcome" as const, params: ({ event }: { event: { outcome: AgentInfoOutcome } }) => shortened(event.outcome) },
      "confirmChunks" as const,
      {
        type: "log" as const,
        params: ({ context, event }: { context: AgentInfoSendContext; event: { outcome: AgentInfoOutcome } }) => ({
          level: event.outcome.errorMessages.length === 0 ? ("info" as const) : ("warning" as const),
          message:
            `Finished in ${roundSeconds(context.record, context.clock)}. Updated ${String(event.outcome.updatedChunks)} chunks.` +
            (event.outcome.errorMessages.length === 0 ? "" : ` Errors: ${shortened(event.outcome).errorMessages.join("; ")}`),
          subtag: SUBTAG,
        }),
      },
    ],
  },
  RESULT_FAILED: {
    target: "#agentInfoSend.free" as const,
    actions: [
      { type: "answer" as const, params: ({ event }: { event: { requestId: number } }) => ok(event.requestId, ANSWER_TEXT.thanks) },
      {
        type: "recordFailure" as const,
        params: ({ event }: { event: { message: string } }) => ({ error: new Error(event.message), step: "awaitingResult" }),
      },
      {
        type: "log" as const,
        params: ({ event }: { event: { message: string } }) => ({
          level: "error" as const,
          message: `There was an error while processing agent-info on the master: ${event.message}`,
          subtag: SUBTAG,
        }),
      },
      "retrySoon" as const,
    ],
  },
});

/** A worker's half of the agent-info process (actors.md; protocol.md 6). */
export const agentInfoSend = setup({
  types: {
    context: {} as AgentInfoSendContext,
    events: {} as AgentInfoSendEvent,
    input: {} as AgentInfoSendInput,
  },
  actors: {
    askPermission: asked<{ granted: boolean }, Record<string, never>>("askPermission"),
    /** Collects the chunks; they stay with the node, the machine hears how many. */
    collectChunks: asked<{ chunks: number }, Record<string, never>>("collectChunks"),
    sendChunks: asked<void, Record<string, never>>("sendChunks"),
    /** Marks what did not reach the master for the next round; the protocol has no error command here. */
    returnChunks: asked<void, Record<string, never>>("returnChunks"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    /** The master has stored the collected chunks: they need not be sent again. */
    confirmChunks: () => undefined,
    retrySoon: assign({ nextRound: ({ context }) => context.syncAgentInfoKoRetry }),
    retryAtTheUsualTime: assign({ nextRound: ({ context }) => context.syncAgentInfo }),
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
    recordOutcome: assign({
      outcome: (_, params: AgentInfoOutcome) => params,
      record: ({ context }) => roundSucceeded(context.record, context.clock),
      lastSync: ({ context }, params: AgentInfoOutcome) => ({
        startedAt: context.record.startedAt ?? 0,
        endedAt: context.clock.wallTime(),
        chunks: params.updatedChunks,
      }),
      nextRound: ({ context }) => context.syncAgentInfo,
    }),
  },
  delays: {
    nextRound: ({ context }) => context.nextRound,
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
    transferDeadline: ({ context }) => context.transferDeadline,
  },
}).createMachine({
  id: "agentInfoSend",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    nextRound: input.syncAgentInfo,
    chunks: 0,
    outcome: null,
    lastSync: null,
  }),
  initial: "free",
  on: {
    RESULT_RECEIVED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
    RESULT_FAILED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
  },
  states: {
    free: {
      after: { nextRound: "awaitingPermission" },
    },
    awaitingPermission: {
      entry: assign({ record: ({ context }) => roundStarted(context.record, context.clock) }),
      invoke: {
        src: "askPermission",
        input: {},
        onDone: [
          {
            guard: ({ event }) => event.output.granted,
            target: "collecting",
            actions: {
              type: "log",
              params: { level: "debug", message: "Permission to synchronize granted.", subtag: SUBTAG },
            },
          },
          {
            target: "free",
            actions: [
              "retrySoon",
              {
                type: "log",
                params: {
                  level: "info",
                  message: "Master didn't grant permission to synchronize agent-info.",
                  subtag: SUBTAG,
                },
              },
            ],
          },
        ],
        onError: failedIn("awaitingPermission"),
      },
      after: { workDeadline: tooLongIn("awaitingPermission", "The master's answer") },
    },
    collecting: {
      invoke: {
        src: "collectChunks",
        input: {},
        onDone: [
          {
            guard: ({ event }) => event.output.chunks > 0,
            target: "sendingString",
            actions: [
              assign({ chunks: ({ event }) => event.output.chunks }),
              {
                type: "log",
                params: ({ event }) => ({
                  level: "debug",
                  message: `Obtained ${String(event.output.chunks)} chunks of data to be sent.`,
                  subtag: SUBTAG,
                }),
              },
            ],
          },
          {
            target: "free",
            actions: [
              assign({ record: ({ context }) => roundSucceeded(context.record, context.clock), chunks: 0 }),
              "retryAtTheUsualTime",
            ],
          },
        ],
        onError: failedIn("collecting"),
      },
      after: { workDeadline: tooLongIn("collecting", "Reading the agent store") },
    },
    sendingString: {
      invoke: { src: "sendChunks", input: {}, onDone: "awaitingResult", onError: failedIn("sendingString") },
      after: { transferDeadline: tooLongIn("sendingString", "The transfer") },
      // The result can stand in the same packet as the answer to the announcement, and be heard first.
      on: received(),
    },
    awaitingResult: {
      after: { timeoutReceivingFile: tooLongIn("awaitingResult", "The master's result") },
      on: received(),
    },
    reportingError: {
      entry: [
        "retrySoon",
        {
          type: "log",
          params: ({ context }) => ({
            level: "error",
            message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
            subtag: SUBTAG,
          }),
        },
      ],
      invoke: {
        src: "returnChunks",
        input: {},
        onDone: "free",
        onError: "free",
      },
      after: { workDeadline: "free" },
    },
  },
});
