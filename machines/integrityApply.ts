import { assign, sendParent, setup } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import type { DifferenceCounts } from "../workers/jobs.js";
import { asked } from "./asked.js";
import type { ReceivingEvent } from "./integritySync.js";
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

/** What an application of the master's archive did to the tree. */
export interface ApplyOutcome {
  readonly created: number;
  readonly overwritten: number;
  readonly deleted: number;
  readonly problems: number;
  /** Group files that the master wants. */
  readonly extraValid: readonly string[];
}

/** Told to the worker. */
export type IntegrityApplyReport =
  | { type: "APPLY_STARTED" }
  | { type: "APPLY_FINISHED"; extraValid: readonly string[] }
  | { type: "APPLY_FAILED"; message: string }
  | { type: "MASTER_REPORTED_ERROR"; message: string };

export interface IntegrityApplyInput {
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
}

export interface IntegrityApplyContext extends IntegrityApplyInput {
  readonly record: ProcessRecord;
  readonly taskId: string | null;
  readonly receivedPath: string | null;
  readonly bytes: number;
  readonly counts: DifferenceCounts | null;
  readonly outcome: ApplyOutcome | null;
  readonly lastSync: Period | null;
}

const SUBTAG = "Integrity sync";

/** A worker's half of the integrity process from the master's archive on (actors.md; protocol.md 6). */
export const integrityApply = setup({
  types: {
    context: {} as IntegrityApplyContext,
    events: {} as ReceivingEvent,
    input: {} as IntegrityApplyInput,
  },
  actors: {
    unpack: asked<{ counts: DifferenceCounts }, { path: string }>("unpack"),
    applyFiles: asked<ApplyOutcome, { path: string }>("applyFiles"),
    /** `cancelled`: the master's task whose file did not come. */
    reportError: asked<void, { cancelled: string | null; exception: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    discardWork: (_, _params: { paths: readonly (string | null)[] }) => undefined,
    /** Removes a received file that no task takes; the round that runs goes on. */
    discardFile: (_, _params: { path: string | null }) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  guards: {
    isOpenTask: ({ context, event }) => event.type === "ERROR_REPORTED" && event.taskId === context.taskId,
    isReceivedFile: ({ context, event }) =>
      event.type === "FILE_ANNOUNCED" && event.taskId === context.taskId && event.received,
  },
  delays: {
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "integrityApply",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    taskId: null,
    receivedPath: null,
    bytes: 0,
    counts: null,
    outcome: null,
    lastSync: null,
  }),
  initial: "free",
  on: {
    PERMISSION_ASKED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) } },
    TASK_REQUESTED: {
      actions: {
        type: "answer",
        params: ({ event }) =>
          refuse(event.requestId, MusterError.cluster(3000, "this worker is applying an archive already")),
      },
    },
    FILE_ANNOUNCED: {
      actions: [
        {
          type: "answer",
          params: ({ event }) => refuse(event.requestId, MusterError.cluster(3027, event.taskId)),
        },
        // protocol.md 4: the file of an unknown task is deleted. A path that was not received is only a text.
        { type: "discardFile", params: ({ event }) => ({ path: event.received ? event.path : null }) },
      ],
    },
    ERROR_REPORTED: {
      actions: [
        { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.errorReceived) },
        sendParent(
          ({ event }): IntegrityApplyReport => ({ type: "MASTER_REPORTED_ERROR", message: event.message }),
        ),
      ],
    },
  },
  states: {
    free: {
      entry: [
        { type: "discardWork", params: ({ context }) => ({ paths: [context.receivedPath] }) },
        assign({ taskId: null, receivedPath: null }),
      ],
      on: {
        PERMISSION_ASKED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionGranted) } },
        TASK_REQUESTED: {
          target: "receivingFile",
          actions: [
            assign({
              taskId: ({ event }) => event.taskId,
              record: ({ context }) => roundStarted(context.record, context.clock),
              bytes: 0,
              counts: null,
              outcome: null,
            }),
            { type: "answer", params: ({ event }) => ok(event.requestId, event.taskId) },
            { type: "log", params: { level: "info", message: "Starting.", subtag: SUBTAG } },
            sendParent((): IntegrityApplyReport => ({ type: "APPLY_STARTED" })),
          ],
        },
      },
    },
    receivingFile: {
      after: { timeoutReceivingFile: tooLongIn("receivingFile", "The master's file") },
      on: {
        // A transfer that moves is given its time anew; only a silent one runs out of it.
        TRANSFER_PROGRESSED: { target: "receivingFile", reenter: true, actions: assign({ bytes: ({ event }) => event.bytes }) },
        FILE_ANNOUNCED: {
          guard: "isReceivedFile",
          target: "unpacking",
          actions: [
            assign({ receivedPath: ({ event }) => event.path }),
            { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.fileTaken) },
          ],
        },
        ERROR_REPORTED: {
          guard: "isOpenTask",
          target: "free",
          actions: [
            { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.errorReceived) },
            {
              type: "recordFailure",
              params: ({ event }) => ({ error: new Error(event.message), step: "receivingFile" }),
            },
            {
              type: "log",
              params: ({ event }) => ({
                level: "error",
                message: `The master could not send its files: ${event.message}`,
                subtag: SUBTAG,
              }),
            },
            sendParent(({ event }): IntegrityApplyReport => ({ type: "APPLY_FAILED", message: event.message })),
          ],
        },
      },
    },
    unpacking: {
      invoke: {
        src: "unpack",
        input: ({ context }) => ({ path: context.receivedPath ?? "" }),
        onDone: {
          target: "applying",
          actions: [
            assign({ counts: ({ event }) => event.output.counts }),
            {
              type: "log",
              params: ({ event }) => ({
                level: "info",
                message:
                  `Files to create: ${String(event.output.counts.missing)} | ` +
                  `Files to update: ${String(event.output.counts.shared)} | ` +
                  `Files to delete: ${String(event.output.counts.extra)} | ` +
                  `Files to send: ${String(event.output.counts.extraValid)}`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
        onError: failedIn("unpacking"),
      },
      after: { workDeadline: tooLongIn("unpacking", "Unpacking the archive") },
    },
    applying: {
      invoke: {
        src: "applyFiles",
        input: ({ context }) => ({ path: context.receivedPath ?? "" }),
        onDone: {
          target: "free",
          actions: [
            assign({
              outcome: ({ event }) => event.output,
              record: ({ context }) => roundSucceeded(context.record, context.clock),
              lastSync: ({ context }) => ({
                startedAt: context.record.startedAt ?? 0,
                endedAt: context.clock.wallTime(),
              }),
            }),
            {
              type: "log",
              params: ({ context, event }) => ({
                level: event.output.problems === 0 ? "info" : "warning",
                message:
                  `Finished in ${roundSeconds(context.record, context.clock)}.` +
                  (event.output.problems === 0 ? "" : ` ${String(event.output.problems)} files could not be applied.`),
                subtag: SUBTAG,
              }),
            },
            sendParent(
              ({ event }): IntegrityApplyReport => ({ type: "APPLY_FINISHED", extraValid: event.output.extraValid }),
            ),
          ],
        },
        onError: failedIn("applying"),
      },
      after: { workDeadline: tooLongIn("applying", "Applying the files") },
    },
    reportingError: {
      entry: [
        {
          type: "log",
          params: ({ context }) => ({
            level: "error",
            message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
            subtag: SUBTAG,
          }),
        },
        sendParent(
          ({ context }): IntegrityApplyReport => ({
            type: "APPLY_FAILED",
            message: context.record.lastError?.message ?? "",
          }),
        ),
      ],
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          cancelled: context.record.lastError?.step === "receivingFile" ? context.taskId : null,
          exception: context.record.lastError?.exception ?? "",
        }),
        onDone: "free",
        onError: "free",
      },
      after: { workDeadline: "free" },
    },
  },
});
