import { assign, sendParent, setup } from "xstate";
import { asked } from "./asked.js";
import {
  NEW_RECORD,
  roundFailed,
  roundStarted,
  roundSucceeded,
  type LogLine,
  type MachineClock,
  type ProcessRecord,
} from "./process.js";

export interface AgentGroupsCollectInput {
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly agentGroupStartDelay: number;
  readonly syncAgentGroups: number;
  readonly workDeadline: number;
}

export interface AgentGroupsCollectContext extends AgentGroupsCollectInput {
  readonly record: ProcessRecord;
  /** Number of the last batch. */
  readonly batch: number;
}

/** Told to the master: what changed in the groups is to go to every worker. */
export type GroupsCollected = { type: "GROUPS_COLLECTED"; batch: number };

const SUBTAG = "Agent-groups collect";

/** Reads from the master's store what changed in the agents' groups, for all workers at once (dialects.md 1.8). */
export const agentGroupsCollect = setup({
  types: {
    context: {} as AgentGroupsCollectContext,
    input: {} as AgentGroupsCollectInput,
  },
  actors: {
    /** Reads the changes and marks them as sent; null: there is no worker, or nothing to send. */
    collectChanges: asked<{ batch: number } | null, Record<string, never>>("collectChanges"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown }) =>
        roundFailed(context.record, context.clock, { ...params, step: "collecting" }),
    }),
  },
  delays: {
    agentGroupStartDelay: ({ context }) => context.agentGroupStartDelay,
    syncAgentGroups: ({ context }) => context.syncAgentGroups,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "agentGroupsCollect",
  context: ({ input }) => ({ ...input, record: NEW_RECORD, batch: 0 }),
  initial: "delaying",
  states: {
    delaying: { after: { agentGroupStartDelay: "collecting" } },
    waiting: { after: { syncAgentGroups: "collecting" } },
    collecting: {
      entry: assign({ record: ({ context }) => roundStarted(context.record, context.clock) }),
      invoke: {
        src: "collectChanges",
        input: {},
        onDone: [
          {
            guard: ({ event }) => event.output !== null,
            target: "waiting",
            actions: [
              assign({
                record: ({ context }) => roundSucceeded(context.record, context.clock),
                batch: ({ context, event }) => event.output?.batch ?? context.batch,
              }),
              sendParent(({ context }): GroupsCollected => ({ type: "GROUPS_COLLECTED", batch: context.batch })),
            ],
          },
          { target: "waiting", actions: assign({ record: ({ context }) => roundSucceeded(context.record, context.clock) }) },
        ],
        onError: {
          target: "waiting",
          actions: [{ type: "recordFailure", params: ({ event }) => ({ error: event.error }) }, { type: "log", params: failureLine }],
        },
      },
      after: {
        workDeadline: {
          target: "waiting",
          actions: [
            { type: "recordFailure", params: () => ({ error: new Error("Reading the agents' groups did not end in time") }) },
            { type: "log", params: failureLine },
          ],
        },
      },
    },
  },
});

function failureLine({ context }: { context: AgentGroupsCollectContext }): LogLine {
  return {
    level: "error",
    message: `Could not read the agents' groups: ${context.record.lastError?.message ?? ""}`,
    subtag: SUBTAG,
  };
}
