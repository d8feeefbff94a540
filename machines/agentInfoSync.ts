import { assign, setup, type ActorRefFrom } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
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

export type AgentInfoSyncEvent =
  | { type: "PERMISSION_ASKED"; requestId: number }
  | { type: "STRING_ANNOUNCED"; requestId: number; stringId: string };

/** What the master stored, as `syn_m_a_e` tells it (protocol.md 5). */
export interface AgentInfoOutcome {
  readonly updatedChunks: number;
  readonly errorMessages: readonly string[];
  /** Seconds; absent where the dialect tells none. */
  readonly timeSpent?: number;
}

export interface AgentInfoSyncInput {
  readonly peerId: string;
  readonly clock: MachineClock;
  /** Milliseconds. */
  readonly workDeadline: number;
}

export interface AgentInfoSyncContext extends AgentInfoSyncInput {
  readonly record: ProcessRecord;
  readonly stringId: string | null;
  readonly outcome: AgentInfoOutcome | null;
  readonly lastSync: (Period & { readonly chunks: number }) | null;
}

const SUBTAG = "Agent-info sync";

/** The master's half of the agent-info process, one per worker (actors.md; protocol.md 6). */
export const agentInfoSync = setup({
  types: {
    context: {} as AgentInfoSyncContext,
    events: {} as AgentInfoSyncEvent,
    input: {} as AgentInfoSyncInput,
  },
  actors: {
    storeChunks: asked<AgentInfoOutcome, { peerId: string; stringId: string }>("storeChunks"),
    reportOutcome: asked<void, { peerId: string; outcome: AgentInfoOutcome }>("reportOutcome"),
    /** Sends `syn_m_a_err` with the text that belongs to the error (3035, 3036). */
    reportError: asked<void, { peerId: string; stringId: string; code: number; message: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  delays: { workDeadline: ({ context }) => context.workDeadline },
}).createMachine({
  id: "agentInfoSync",
  context: ({ input }) => ({ ...input, record: NEW_RECORD, stringId: null, outcome: null, lastSync: null }),
  initial: "free",
  on: {
    PERMISSION_ASKED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) } },
    // A second string while one is stored: the peer gets its id back, as from the reference, and the string is
    // dropped with the connection's unused strings; the permission rule keeps honest workers from doing this.
    STRING_ANNOUNCED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, event.stringId) } },
  },
  states: {
    free: {
      on: {
        PERMISSION_ASKED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionGranted) } },
        STRING_ANNOUNCED: {
          target: "storing",
          actions: [
            assign({
              stringId: ({ event }) => event.stringId,
              outcome: null,
              record: ({ context }) => roundStarted(context.record, context.clock),
            }),
            { type: "answer", params: ({ event }) => ok(event.requestId, event.stringId) },
            { type: "log", params: { level: "info", message: "Starting.", subtag: SUBTAG } },
          ],
        },
      },
    },
    storing: {
      invoke: {
        src: "storeChunks",
        input: ({ context }) => ({ peerId: context.peerId, stringId: context.stringId ?? "" }),
        onDone: { target: "reporting", actions: assign({ outcome: ({ event }) => event.output }) },
        onError: failedIn("storing"),
      },
      after: { workDeadline: tooLongIn("storing", "Storing the agents' information") },
    },
    reporting: {
      invoke: {
        src: "reportOutcome",
        input: ({ context }) => ({
          peerId: context.peerId,
          outcome: context.outcome ?? { updatedChunks: 0, errorMessages: [] },
        }),
        onDone: {
          target: "free",
          actions: [
            assign({
              record: ({ context }) => roundSucceeded(context.record, context.clock),
              lastSync: ({ context }) => ({
                startedAt: context.record.startedAt ?? 0,
                endedAt: context.clock.wallTime(),
                chunks: context.outcome?.updatedChunks ?? 0,
              }),
            }),
            {
              type: "log",
              params: ({ context }) => ({
                level: "info",
                message: `Finished in ${roundSeconds(context.record, context.clock)}. Updated ${String(context.outcome?.updatedChunks ?? 0)} chunks.`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
        onError: failedIn("reporting"),
      },
      after: { workDeadline: tooLongIn("reporting", "The worker's answer to syn_m_a_e") },
    },
    reportingError: {
      entry: {
        type: "log",
        params: ({ context }) => ({
          level: "error",
          message: context.record.lastError?.message ?? "",
          subtag: SUBTAG,
        }),
      },
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          peerId: context.peerId,
          stringId: context.stringId ?? "",
          code: context.record.lastError?.code ?? 1000,
          message: context.record.lastError?.message ?? "",
        }),
        onDone: { target: "free" },
        onError: { target: "free" },
      },
      after: { workDeadline: { target: "free" } },
    },
  },
});

export type AgentInfoSyncRef = ActorRefFrom<typeof agentInfoSync>;
