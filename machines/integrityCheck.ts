import { assign, cancel, enqueueActions, raise, setup } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import { asked } from "./asked.js";
import type { IndexOutcome } from "./integrityIndexer.js";
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

export type IntegrityCheckEvent =
  /** A round is wanted before its time: an operator asks. */
  | { type: "CHECK_NOW" }
  /** `mst_check`: the master has changed files, and tells all its workers so at the same time. */
  | { type: "CHECK_ASKED"; requestId: number }
  /** `syn_m_c_ok`: the files are in order. */
  | { type: "VERDICT_IN_STEP"; requestId: number }
  /** The master has opened a task: its archive is coming, and `integrityApply` takes it from here. */
  | { type: "VERDICT_FILES_COMING" }
  | { type: "FILES_APPLIED" }
  | { type: "FILES_NOT_APPLIED"; message: string }
  /** `syn_m_c_r`: the master failed. */
  | { type: "VERDICT_FAILED"; message: string };

export interface IntegrityCheckInput {
  readonly clock: MachineClock;
  /** A number in [0, 1): spreads the rounds that the master asks all its workers for. */
  readonly random: () => number;
  /** All in milliseconds. */
  readonly syncIntegrity: number;
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
}

export interface IntegrityCheckContext extends IntegrityCheckInput {
  readonly record: ProcessRecord;
  readonly taskId: string | null;
  readonly packedPath: string | null;
  readonly files: number;
  /** The master has asked for a round since the last one began. */
  readonly wanted: boolean;
  /** Rounds to which the master did not agree, in a row. */
  readonly refusals: number;
  /** The last check that the master found in order or brought in order. */
  readonly lastCheck: Period | null;
}

const SUBTAG = "Integrity check";
/** Milliseconds over which workers spread the rounds that the master asks all of them for. */
const CHECK_SPREAD = 200;
/** Id of the delayed event that begins such a round. */
const CHECK_SOON = "check soon";

/** The log line of a verdict that more is to come. */
const filesComing = {
  type: "log",
  params: ({ context }: { context: IntegrityCheckContext }) => ({
    level: "info" as const,
    message: `Finished in ${roundSeconds(context.record, context.clock)}. Sync required.`,
    subtag: SUBTAG,
  }),
} as const;

/** The verdicts that end a round. */
const verdicts = () => ({
  VERDICT_IN_STEP: {
    target: "#integrityCheck.free" as const,
    actions: [
      { type: "answer" as const, params: ({ event }: { event: { requestId: number } }) => ok(event.requestId, ANSWER_TEXT.thanks) },
      "recordSuccess" as const,
      {
        type: "log" as const,
        params: ({ context }: { context: IntegrityCheckContext }) => ({
          level: "info" as const,
          message: `Finished in ${roundSeconds(context.record, context.clock)}. Sync not required.`,
          subtag: SUBTAG,
        }),
      },
    ],
  },
  VERDICT_FAILED: {
    target: "#integrityCheck.free" as const,
    actions: [
      {
        type: "recordFailure" as const,
        params: ({ event }: { event: { message: string } }) => ({ error: new Error(event.message), step: "awaitingVerdict" }),
      },
      {
        type: "log" as const,
        params: ({ event }: { event: { message: string } }) => ({
          level: "error" as const,
          message: `The master could not synchronize this node: ${event.message}`,
          subtag: SUBTAG,
        }),
      },
    ],
  },
});

/** A worker's half of the integrity process until the master's verdict (actors.md; protocol.md 6). */
export const integrityCheck = setup({
  types: {
    context: {} as IntegrityCheckContext,
    events: {} as IntegrityCheckEvent,
    input: {} as IntegrityCheckInput,
  },
  actors: {
    indexFiles: asked<IndexOutcome, Record<string, never>>("indexFiles"),
    askPermission: asked<{ granted: boolean }, Record<string, never>>("askPermission"),
    requestTask: asked<{ taskId: string }, Record<string, never>>("requestTask"),
    packIndex: asked<{ path: string; bytes: number }, Record<string, never>>("packIndex"),
    sendArchive: asked<{ bytes: number }, { taskId: string; path: string }>("sendArchive"),
    announce: asked<void, { taskId: string; path: string }>("announce"),
    reportError: asked<void, { taskId: string | null; exception: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    discardWork: (_, _params: { paths: readonly (string | null)[] }) => undefined,
    checkSoon: raise({ type: "CHECK_NOW" }, { id: CHECK_SOON, delay: ({ context }) => Math.round(CHECK_SPREAD * context.random()) }),
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
    recordSuccess: assign({
      record: ({ context }) => roundSucceeded(context.record, context.clock),
      lastCheck: ({ context }) => ({
        startedAt: context.record.startedAt ?? 0,
        endedAt: context.clock.wallTime(),
      }),
    }),
  },
  guards: { isNews: ({ context }) => !context.wanted },
  delays: {
    syncIntegrity: ({ context }) => context.syncIntegrity,
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
    transferDeadline: ({ context }) => context.transferDeadline,
    /** The apply process bounds each of its own steps; this bound only catches what it can't tell us. */
    applyDeadline: ({ context }) => context.transferDeadline + 3 * context.workDeadline,
  },
}).createMachine({
  id: "integrityCheck",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    taskId: null,
    packedPath: null,
    files: 0,
    wanted: false,
    refusals: 0,
    lastCheck: null,
  }),
  initial: "free",
  on: {
    VERDICT_IN_STEP: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
    CHECK_ASKED: {
      actions: [{ type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) }, assign({ wanted: true })],
    },
  },
  states: {
    free: {
      entry: [
        { type: "discardWork", params: ({ context }) => ({ paths: [context.packedPath] }) },
        assign({ taskId: null, packedPath: null }),
        enqueueActions(({ enqueue, context }) => {
          if (context.wanted) enqueue("checkSoon");
        }),
      ],
      exit: cancel(CHECK_SOON),
      after: { syncIntegrity: "indexing" },
      on: {
        CHECK_NOW: "indexing",
        CHECK_ASKED: [
          { guard: "isNews", actions: [{ type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) }, assign({ wanted: true }), "checkSoon"] },
          { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.thanks) } },
        ],
      },
    },
    indexing: {
      entry: [
        assign({ record: ({ context }) => roundStarted(context.record, context.clock), wanted: false }),
        { type: "log", params: { level: "info", message: "Starting.", subtag: SUBTAG } },
      ],
      invoke: {
        src: "indexFiles",
        input: {},
        onDone: { target: "awaitingPermission", actions: assign({ files: ({ event }) => event.output.files }) },
        onError: failedIn("indexing"),
      },
      after: { workDeadline: tooLongIn("indexing", "Indexing the files") },
    },
    awaitingPermission: {
      invoke: {
        src: "askPermission",
        input: {},
        onDone: [
          {
            guard: ({ event }) => event.output.granted,
            target: "requestingTask",
            actions: assign({ refusals: 0 }),
          },
          {
            target: "free",
            actions: [
              assign({ refusals: ({ context }) => context.refusals + 1 }),
              {
                type: "log",
                params: {
                  level: "info",
                  message: "Master didn't grant permission to start a new integrity check. It is asked again next time.",
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
    requestingTask: {
      invoke: {
        src: "requestTask",
        input: {},
        onDone: { target: "packing", actions: assign({ taskId: ({ event }) => event.output.taskId }) },
        onError: failedIn("requestingTask"),
      },
      after: { workDeadline: tooLongIn("requestingTask", "The master's answer") },
    },
    packing: {
      invoke: {
        src: "packIndex",
        input: {},
        onDone: { target: "sendingFile", actions: assign({ packedPath: ({ event }) => event.output.path }) },
        onError: failedIn("packing"),
      },
      after: { workDeadline: tooLongIn("packing", "Packing the index") },
    },
    sendingFile: {
      invoke: {
        src: "sendArchive",
        input: ({ context }) => ({ taskId: context.taskId ?? "", path: context.packedPath ?? "" }),
        onDone: "announcing",
        onError: failedIn("sendingFile"),
      },
      after: { transferDeadline: tooLongIn("sendingFile", "The transfer") },
    },
    announcing: {
      invoke: {
        src: "announce",
        input: ({ context }) => ({ taskId: context.taskId ?? "", path: context.packedPath ?? "" }),
        onDone: "awaitingVerdict",
        onError: failedIn("announcing"),
      },
      after: { workDeadline: tooLongIn("announcing", "The master's answer") },
      // The verdict can stand in the same packet as the answer to the announcement, and be heard first.
      on: { ...verdicts(), VERDICT_FILES_COMING: { target: "awaitingVerdict.filesComing", actions: filesComing } },
    },
    awaitingVerdict: {
      initial: "undecided",
      states: {
        undecided: {
          after: { timeoutReceivingFile: { ...tooLongIn("awaitingVerdict", "The master's verdict"), target: "#integrityCheck.reportingError" } },
          on: {
            VERDICT_FILES_COMING: { target: "filesComing", actions: filesComing },
          },
        },
        filesComing: {
          after: { applyDeadline: { ...tooLongIn("awaitingVerdict", "The end of the synchronisation"), target: "#integrityCheck.reportingError" } },
        },
      },
      on: {
        ...verdicts(),
        FILES_APPLIED: { target: "free", actions: "recordSuccess" },
        FILES_NOT_APPLIED: {
          target: "free",
          actions: {
            type: "recordFailure",
            params: ({ event }) => ({ error: new Error(event.message), step: "awaitingVerdict" }),
          },
        },
      },
    },
    reportingError: {
      entry: {
        type: "log",
        params: ({ context }) => ({
          level: "error",
          message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
          subtag: SUBTAG,
        }),
      },
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          taskId: context.taskId,
          exception: context.record.lastError?.exception ?? "",
        }),
        onDone: "free",
        onError: "free",
      },
      after: { workDeadline: "free" },
    },
  },
});
