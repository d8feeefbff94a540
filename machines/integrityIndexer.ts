import { assign, sendParent, setup } from "xstate";
import { asked } from "./asked.js";
import {
  NEW_RECORD,
  roundFailed,
  roundSeconds,
  roundStarted,
  roundSucceeded,
  type LogLine,
  type MachineClock,
  type ProcessRecord,
} from "./process.js";

/** What a pass over the tree found. */
export interface IndexOutcome {
  readonly version: number;
  readonly files: number;
  readonly hashed: number;
  readonly problems: number;
  readonly changed: boolean;
}

export type IntegrityIndexerEvent = { type: "INDEX_NOW" };

export interface IntegrityIndexerInput {
  readonly clock: MachineClock;
  /** Milliseconds between two passes. */
  readonly recalculateIntegrity: number;
  readonly workDeadline: number;
}

export interface IntegrityIndexerContext extends IntegrityIndexerInput {
  readonly record: ProcessRecord;
  readonly version: number;
  readonly files: number;
}

/** Told to the parent after each pass. */
export type IndexPublished = { type: "INDEX_PUBLISHED"; outcome: IndexOutcome };
export type IndexFailed = { type: "INDEX_FAILED" };

const SUBTAG = "Local integrity";

const failureLine = ({ record }: IntegrityIndexerContext): LogLine => ({
  level: "error",
  message: `Error calculating local file integrity: ${record.lastError?.message ?? ""}`,
  subtag: SUBTAG,
});

/** The master's own index, recalculated for ever (actors.md; protocol.md 6, 8). */
export const integrityIndexer = setup({
  types: {
    context: {} as IntegrityIndexerContext,
    events: {} as IntegrityIndexerEvent,
    input: {} as IntegrityIndexerInput,
  },
  actors: { indexFiles: asked<IndexOutcome, Record<string, never>>("indexFiles") },
  actions: {
    log: (_, _params: LogLine) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  delays: {
    recalculateIntegrity: ({ context }) => context.recalculateIntegrity,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "integrityIndexer",
  context: ({ input }) => ({ ...input, record: NEW_RECORD, version: 0, files: 0 }),
  initial: "indexing",
  states: {
    waiting: {
      after: { recalculateIntegrity: "indexing" },
      on: { INDEX_NOW: "indexing" },
    },
    indexing: {
      entry: [
        assign({ record: ({ context }) => roundStarted(context.record, context.clock) }),
        { type: "log", params: { level: "debug", message: "Starting.", subtag: SUBTAG } },
      ],
      invoke: {
        src: "indexFiles",
        input: {},
        onDone: {
          target: "waiting",
          actions: [
            assign({
              record: ({ context }) => roundSucceeded(context.record, context.clock),
              version: ({ event }) => event.output.version,
              files: ({ event }) => event.output.files,
            }),
            sendParent(({ event }): IndexPublished => ({ type: "INDEX_PUBLISHED", outcome: event.output })),
            {
              type: "log",
              params: ({ context, event }) => ({
                level: event.output.changed ? "info" : "debug",
                message: `Finished in ${roundSeconds(context.record, context.clock)}. Calculated metadata of ${String(event.output.files)} files.`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
        onError: {
          target: "waiting",
          actions: [
            { type: "recordFailure", params: ({ event }) => ({ error: event.error, step: "indexing" }) },
            { type: "log", params: ({ context }) => failureLine(context) },
            sendParent((): IndexFailed => ({ type: "INDEX_FAILED" })),
          ],
        },
      },
      after: {
        workDeadline: {
          target: "waiting",
          actions: [
            {
              type: "recordFailure",
              params: () => ({ error: new Error("Indexing the files did not end in time"), step: "indexing" }),
            },
            { type: "log", params: ({ context }) => failureLine(context) },
            sendParent((): IndexFailed => ({ type: "INDEX_FAILED" })),
          ],
        },
      },
    },
  },
});
