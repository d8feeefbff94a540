import { assign, cancel, enqueueActions, raise, sendParent, setup } from "xstate";
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
  /** Every change from here on is told by FILES_CHANGED: the next pass may be late. @default false */
  readonly watched?: boolean;
}

export type IntegrityIndexerEvent =
  /** A pass is wanted before its time. */
  | { type: "INDEX_NOW" }
  /** Files have changed, and more may follow in a moment. */
  | { type: "FILES_CHANGED" };

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
  /** Changes are told: passes at their time only check it. */
  readonly watched: boolean;
  /** Files have changed since the last pass began. */
  readonly changed: boolean;
  /** Milliseconds that the last pass took. */
  readonly took: number;
}

/** Milliseconds from a change to the pass that looks at it: changes seldom come alone. */
const SETTLE_MILLISECONDS = 50;
/** Passes that changes ask for leave so many times their own duration in between. */
const SETTLE_FACTOR = 2;
/** So many times rarer are the passes at their time when changes are told. */
const WATCHED_FACTOR = 8;

/** Told to the parent after each pass. */
export type IndexPublished = { type: "INDEX_PUBLISHED"; outcome: IndexOutcome };
export type IndexFailed = { type: "INDEX_FAILED" };

const SUBTAG = "Local integrity";
/** Id of the delayed event that begins a pass after a change. */
const PASS_SOON = "pass soon";

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
    indexSoon: raise(
      { type: "INDEX_NOW" },
      { id: PASS_SOON, delay: ({ context }) => Math.max(SETTLE_MILLISECONDS, SETTLE_FACTOR * context.took) },
    ),
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  guards: { isNews: ({ context }) => !context.changed },
  delays: {
    recalculateIntegrity: ({ context }) => context.recalculateIntegrity * (context.watched ? WATCHED_FACTOR : 1),
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "integrityIndexer",
  context: ({ input }) => ({ ...input, record: NEW_RECORD, version: 0, files: 0, watched: false, changed: false, took: 0 }),
  initial: "indexing",
  states: {
    waiting: {
      // Files that changed while the last pass ran.
      entry: enqueueActions(({ enqueue, context }) => {
        if (context.changed) enqueue("indexSoon");
      }),
      exit: cancel(PASS_SOON),
      after: { recalculateIntegrity: "indexing" },
      on: {
        INDEX_NOW: "indexing",
        FILES_CHANGED: { guard: "isNews", actions: [assign({ changed: true }), "indexSoon"] },
      },
    },
    indexing: {
      on: { FILES_CHANGED: { actions: assign({ changed: true }) } },
      entry: [
        assign({ record: ({ context }) => roundStarted(context.record, context.clock), changed: false }),
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
              took: ({ context }) => context.clock.now() - context.record.startedMonotonic,
              watched: ({ event }) => event.output.watched ?? false,
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
