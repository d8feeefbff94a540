import { assign, setup, type ActorRefFrom } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import type { AgentInfoOutcome } from "./agentInfoSync.js";
import { asked } from "./asked.js";
import {
  NEW_RECORD,
  ok,
  roundFailed,
  roundSeconds,
  roundStarted,
  roundSucceeded,
  type Answer,
  type LogLine,
  type MachineClock,
  type Period,
  type ProcessRecord,
} from "./process.js";

export type AgentGroupsSendEvent =
  /** The master has read what changed in its groups; the batch stays with the node. */
  | { type: "GROUPS_COLLECTED"; batch: number }
  /** `syn_w_g_c`: the worker's groups stay different, it wants all of them. */
  | { type: "FULL_SET_ASKED"; requestId: number }
  /** `syn_w_g_e` and `syn_wgc_e`. */
  | { type: "RESULT_RECEIVED"; requestId: number; full: boolean; outcome: AgentInfoOutcome }
  /** `syn_w_g_err` and `syn_wgc_err`. */
  | { type: "RESULT_FAILED"; requestId: number; full: boolean; message: string };

/** What is to be sent: one batch of changes, or all groups. */
export type GroupsToSend = { readonly full: false; readonly batch: number } | { readonly full: true };

export interface AgentGroupsSendInput {
  readonly peerId: string;
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
}

export interface AgentGroupsSendContext extends AgentGroupsSendInput {
  readonly record: ProcessRecord;
  /** What waits to be sent, the oldest first. */
  readonly queue: readonly GroupsToSend[];
  /** What is being sent. */
  readonly current: GroupsToSend | null;
  /** Batches that were left out because the worker took none for too long; it will ask for the full set. */
  readonly dropped: number;
  readonly lastSync: (Period & { readonly chunks: number }) | null;
  readonly lastFullSync: (Period & { readonly chunks: number }) | null;
}

/** Batches that wait for one worker at most; the oldest one is dropped beyond. */
export const GROUP_BATCHES_WAITING = 8;

const SUBTAG = "Agent-groups send";
const FULL_SUBTAG = "Agent-groups send full";

const subtagOf = ({ current }: AgentGroupsSendContext): string => (current?.full === true ? FULL_SUBTAG : SUBTAG);

const failureLine = ({ context }: { context: AgentGroupsSendContext }): LogLine => ({
  level: "error",
  message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
  subtag: subtagOf(context),
});

/** The queue with one more batch, without its oldest ones where it is full. */
function queued(context: AgentGroupsSendContext, batch: number): Pick<AgentGroupsSendContext, "queue" | "dropped"> {
  const batches = context.queue.filter(({ full }) => !full).length;
  const first = context.queue.findIndex(({ full }) => !full);
  const isFull = batches >= GROUP_BATCHES_WAITING;
  const kept = isFull ? context.queue.filter((_, at) => at !== first) : context.queue;
  return { queue: [...kept, { full: false, batch }], dropped: context.dropped + (isFull ? 1 : 0) };
}

/** The transition of a step that failed; there is no command by which a worker could be told. */
const failed = (step: string) =>
  ({
    target: "free",
    actions: [
      { type: "recordFailure", params: ({ event }: { event: { error: unknown } }) => ({ error: event.error, step }) },
      { type: "log", params: failureLine },
    ],
  }) as const;

const tooLong = (step: string, what: string) =>
  ({
    target: "free",
    actions: [
      { type: "recordFailure", params: () => ({ error: new Error(`${what} did not happen in time (state ${step})`), step }) },
      { type: "log", params: failureLine },
    ],
  }) as const;

/** Whether a worker's result is the one of what was sent. */
const results = () => ({
  RESULT_RECEIVED: {
    guard: "isCurrent" as const,
    target: "#agentGroupsSend.free" as const,
    actions: [
      { type: "answer" as const, params: ({ event }: { event: { requestId: number } }) => ok(event.requestId, ANSWER_TEXT.thanks) },
      { type: "recordResult" as const, params: ({ event }: { event: { outcome: AgentInfoOutcome } }) => event.outcome },
      {
        type: "log" as const,
        params: ({ context, event }: { context: AgentGroupsSendContext; event: { outcome: AgentInfoOutcome } }) => ({
          level: event.outcome.errorMessages.length === 0 ? ("debug" as const) : ("warning" as const),
          message: `Finished in ${roundSeconds(context.record, context.clock)}. Updated ${String(event.outcome.updatedChunks)} chunks, ${String(event.outcome.errorMessages.length)} errors.`,
          subtag: subtagOf(context),
        }),
      },
    ],
  },
  RESULT_FAILED: {
    guard: "isCurrent" as const,
    target: "#agentGroupsSend.free" as const,
    actions: [
      { type: "answer" as const, params: ({ event }: { event: { requestId: number } }) => ok(event.requestId, ANSWER_TEXT.thanks) },
      {
        type: "recordFailure" as const,
        params: ({ event }: { event: { message: string } }) => ({ error: new Error(event.message), step: "awaitingResult" }),
      },
      { type: "log" as const, params: failureLine },
    ],
  },
});

/** The master's sending of agents' groups to one worker, one queue per worker (dialects.md 1.8). */
export const agentGroupsSend = setup({
  types: {
    context: {} as AgentGroupsSendContext,
    events: {} as AgentGroupsSendEvent,
    input: {} as AgentGroupsSendInput,
  },
  actors: {
    /** Reads all groups of the store; they stay with the node. */
    collectAll: asked<{ chunks: number }, { peerId: string }>("collectAll"),
    /** The string, and `syn_g_m_w` or `syn_g_m_w_c`. */
    sendGroups: asked<void, { peerId: string; groups: GroupsToSend }>("sendGroups"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) => roundFailed(context.record, context.clock, params),
    }),
    takeNext: assign(({ context }) => ({
      current: context.queue[0] ?? null,
      queue: context.queue.slice(1),
      record: roundStarted(context.record, context.clock),
    })),
    recordResult: assign(({ context }, outcome: AgentInfoOutcome) => {
      const period = { startedAt: context.record.startedAt ?? 0, endedAt: context.clock.wallTime(), chunks: outcome.updatedChunks };
      return {
        record: roundSucceeded(context.record, context.clock),
        ...(context.current?.full === true ? { lastFullSync: period } : { lastSync: period }),
      };
    }),
  },
  guards: {
    isCurrent: ({ context, event }) => "full" in event && context.current?.full === event.full,
  },
  delays: {
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
    transferDeadline: ({ context }) => context.transferDeadline,
  },
}).createMachine({
  id: "agentGroupsSend",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    queue: [],
    current: null,
    dropped: 0,
    lastSync: null,
    lastFullSync: null,
  }),
  initial: "free",
  on: {
    GROUPS_COLLECTED: { actions: assign(({ context, event }) => queued(context, event.batch)) },
    FULL_SET_ASKED: {
      actions: [
        // A worker that asks again before it got the full set gets it once.
        assign({
          queue: ({ context }) => (context.queue.some(({ full }) => full) ? context.queue : [...context.queue, { full: true as const }]),
        }),
        { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.fullSetTask) },
      ],
    },
    // A result of something that was given up meanwhile.
    RESULT_RECEIVED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
    RESULT_FAILED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
  },
  states: {
    free: {
      entry: assign({ current: null }),
      always: [
        { guard: ({ context }) => context.queue[0]?.full === true, target: "collecting", actions: "takeNext" },
        { guard: ({ context }) => context.queue.length > 0, target: "sending", actions: "takeNext" },
      ],
    },
    collecting: {
      invoke: {
        src: "collectAll",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: "sending",
        onError: failed("collecting"),
      },
      after: { workDeadline: tooLong("collecting", "Reading all groups") },
    },
    sending: {
      invoke: {
        src: "sendGroups",
        input: ({ context }) => ({ peerId: context.peerId, groups: context.current ?? { full: true } }),
        onDone: "awaitingResult",
        onError: failed("sending"),
      },
      after: { transferDeadline: tooLong("sending", "The transfer") },
      // The result can stand in the same packet as the answer to the announcement, and be heard first.
      on: results(),
    },
    awaitingResult: {
      after: { timeoutReceivingFile: tooLong("awaitingResult", "The worker's result") },
      on: results(),
    },
  },
});

export type AgentGroupsSendRef = ActorRefFrom<typeof agentGroupsSend>;
