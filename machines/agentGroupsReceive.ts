import { assign, setup } from "xstate";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import type { AgentInfoOutcome } from "./agentInfoSync.js";
import { asked } from "./asked.js";
import {
  failedIn,
  NEW_RECORD,
  ok,
  refuse,
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

/** A string of groups that the master announces: changes (`syn_g_m_w`), or all groups (`syn_g_m_w_c`). */
export interface AnnouncedGroups {
  readonly stringId: string;
  readonly full: boolean;
}

export type AgentGroupsReceiveEvent = { type: "STRING_ANNOUNCED"; requestId: number } & AnnouncedGroups;

export interface AgentGroupsReceiveInput {
  readonly clock: MachineClock;
  /** In milliseconds. */
  readonly timeoutAgentGroups: number;
  readonly workDeadline: number;
  /** Sets in a row after which this node's groups differ from the master's, until all of them are asked for. */
  readonly agentGroupsMismatchLimit: number;
}

export interface AgentGroupsReceiveContext extends AgentGroupsReceiveInput {
  readonly record: ProcessRecord;
  /** Strings that wait, the oldest first. */
  readonly waiting: readonly AnnouncedGroups[];
  readonly current: AnnouncedGroups | null;
  readonly outcome: AgentInfoOutcome | null;
  /** Sets in a row after which the checksums differed. */
  readonly mismatches: number;
  readonly lastSync: (Period & { readonly chunks: number }) | null;
  readonly lastFullSync: (Period & { readonly chunks: number }) | null;
}

/** Strings of groups that may wait while one is applied; more are refused. */
export const GROUP_STRINGS_WAITING = 4;

const SUBTAG = "Agent-groups recv";
const FULL_SUBTAG = "Agent-groups recv full";

const subtagOf = ({ current }: AgentGroupsReceiveContext): string => (current?.full === true ? FULL_SUBTAG : SUBTAG);

/** The transition of a step after the report: the round has ended well for the master, the log tells what did not. */
const givenUp = (step: string, late?: string) =>
  ({
    target: "free",
    actions: [
      {
        type: "recordFailure",
        params: ({ event }: { event: object }) => ({
          error: late === undefined && "error" in event ? event.error : new Error(late),
          step,
        }),
      },
      { type: "log", params: failureLine },
    ],
  }) as const;

/** A worker's half of the agents' groups out of the master's store (dialects.md 1.8). */
export const agentGroupsReceive = setup({
  types: {
    context: {} as AgentGroupsReceiveContext,
    events: {} as AgentGroupsReceiveEvent,
    input: {} as AgentGroupsReceiveInput,
  },
  actors: {
    /** Writes the string's groups to the store. */
    applyGroups: asked<AgentInfoOutcome, AnnouncedGroups>("applyGroups"),
    /** `syn_w_g_e` or `syn_wgc_e`. */
    reportOutcome: asked<void, { full: boolean; outcome: AgentInfoOutcome }>("reportOutcome"),
    /** Whether the store's checksum is the one that came with the groups; null: none came. */
    compareChecksums: asked<{ same: boolean | null }, Record<string, never>>("compareChecksums"),
    /** `syn_w_g_c`. */
    askFullSet: asked<void, Record<string, never>>("askFullSet"),
    recalculateHashes: asked<void, Record<string, never>>("recalculateHashes"),
    /** `syn_w_g_err` or `syn_wgc_err`. */
    reportError: asked<void, AnnouncedGroups & { code: number; message: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) => roundFailed(context.record, context.clock, params),
    }),
    takeNext: assign(({ context }) => ({
      current: context.waiting[0] ?? null,
      waiting: context.waiting.slice(1),
      outcome: null,
      record: roundStarted(context.record, context.clock),
    })),
    recordSuccess: assign(({ context }) => {
      const period = {
        startedAt: context.record.startedAt ?? 0,
        endedAt: context.clock.wallTime(),
        chunks: context.outcome?.updatedChunks ?? 0,
      };
      return {
        record: roundSucceeded(context.record, context.clock),
        ...(context.current?.full === true ? { lastFullSync: period } : { lastSync: period }),
      };
    }),
  },
  guards: {
    isFull: ({ context }) => context.current?.full === true,
    /** One more difference is one too many. */
    isLimitReached: ({ context }) => context.mismatches + 1 >= context.agentGroupsMismatchLimit,
  },
  delays: {
    timeoutAgentGroups: ({ context }) => context.timeoutAgentGroups,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "agentGroupsReceive",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    waiting: [],
    current: null,
    outcome: null,
    mismatches: 0,
    lastSync: null,
    lastFullSync: null,
  }),
  initial: "free",
  on: {
    STRING_ANNOUNCED: [
      {
        guard: ({ context }) => context.waiting.length < GROUP_STRINGS_WAITING,
        actions: [
          assign({
            waiting: ({ context, event }) => [...context.waiting, { stringId: event.stringId, full: event.full }],
          }),
          { type: "answer", params: ({ event }) => ok(event.requestId, event.stringId) },
        ],
      },
      {
        actions: {
          type: "answer",
          params: ({ event }) =>
            refuse(event.requestId, MusterError.cluster(3000, "too many agent-groups are waiting to be applied on this worker")),
        },
      },
    ],
  },
  states: {
    free: {
      entry: assign({ current: null }),
      always: { guard: ({ context }) => context.waiting.length > 0, target: "applying", actions: "takeNext" },
    },
    applying: {
      invoke: {
        src: "applyGroups",
        input: ({ context }) => context.current ?? { stringId: "", full: false },
        onDone: { target: "reporting", actions: assign({ outcome: ({ event }) => event.output }) },
        onError: failedIn("applying"),
      },
      after: { timeoutAgentGroups: tooLongIn("applying", "Storing the agents' groups") },
    },
    reporting: {
      invoke: {
        src: "reportOutcome",
        input: ({ context }) => ({
          full: context.current?.full ?? false,
          outcome: context.outcome ?? { updatedChunks: 0, errorMessages: [] },
        }),
        onDone: [
          { guard: "isFull", target: "recalculating", actions: "recordSuccess" },
          { target: "comparing", actions: "recordSuccess" },
        ],
        onError: failedIn("reporting"),
      },
      after: { workDeadline: tooLongIn("reporting", "The master's answer to the result") },
      exit: {
        type: "log",
        params: ({ context }) => ({
          level: (context.outcome?.errorMessages.length ?? 0) === 0 ? "debug" : "warning",
          message:
            `Finished in ${roundSeconds(context.record, context.clock)}. Updated ${String(context.outcome?.updatedChunks ?? 0)} chunks.` +
            ((context.outcome?.errorMessages.length ?? 0) === 0 ? "" : ` ${String(context.outcome?.errorMessages.length ?? 0)} errors, the first: ${context.outcome?.errorMessages[0] ?? ""}`),
          subtag: subtagOf(context),
        }),
      },
    },
    comparing: {
      invoke: {
        src: "compareChecksums",
        input: {},
        onDone: [
          { guard: ({ event }) => event.output.same === null, target: "free" },
          { guard: ({ event }) => event.output.same === true, target: "free", actions: assign({ mismatches: 0 }) },
          {
            guard: "isLimitReached",
            target: "askingFullSet",
            actions: [
              assign({ mismatches: 0 }),
              {
                type: "log",
                params: {
                  level: "info",
                  message: "The agents' groups stay different from the master's. Asking for all of them.",
                  subtag: SUBTAG,
                },
              },
            ],
          },
          { target: "free", actions: assign({ mismatches: ({ context }) => context.mismatches + 1 }) },
        ],
        onError: givenUp("comparing"),
      },
      after: { workDeadline: givenUp("comparing", "Reading the checksum did not end in time") },
    },
    askingFullSet: {
      invoke: {
        src: "askFullSet",
        input: {},
        onDone: "free",
        onError: givenUp("askingFullSet"),
      },
      after: { workDeadline: givenUp("askingFullSet", "The master's answer to syn_w_g_c did not come in time") },
    },
    recalculating: {
      invoke: {
        src: "recalculateHashes",
        input: {},
        onDone: "free",
        onError: givenUp("recalculating"),
      },
      after: { workDeadline: givenUp("recalculating", "Recalculating the hashes did not end in time") },
    },
    reportingError: {
      entry: { type: "log", params: failureLine },
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          stringId: context.current?.stringId ?? "",
          full: context.current?.full ?? false,
          code: context.record.lastError?.code ?? 1000,
          message: context.record.lastError?.message ?? "",
        }),
        onDone: "free",
        onError: "free",
      },
      after: { workDeadline: "free" },
    },
  },
});

function failureLine({ context }: { context: AgentGroupsReceiveContext }): LogLine {
  return {
    level: "error",
    message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
    subtag: subtagOf(context),
  };
}
