import { assign, setup, type ActorRefFrom } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";
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
  type ProcessRecord,
} from "./process.js";

export interface ExtraValidSyncInput {
  readonly peerId: string;
  readonly clock: MachineClock;
  /** Milliseconds. */
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
}

export interface ExtraValidSyncContext extends ExtraValidSyncInput {
  readonly record: ProcessRecord;
  readonly taskId: string | null;
  readonly receivedPath: string | null;
  readonly bytes: number;
  /** Group files that the last round wrote. */
  readonly written: number;
}

const SUBTAG = "Integrity sync";

/** The master's half of the extra-valid process, one per worker (actors.md; protocol.md 6). */
export const extraValidSync = setup({
  types: {
    context: {} as ExtraValidSyncContext,
    events: {} as ReceivingEvent,
    input: {} as ExtraValidSyncInput,
  },
  actors: {
    openArchive: asked<{ parts: number }, { peerId: string; path: string }>("openArchive"),
    applyGroups: asked<{ written: number; skipped: number; unknownAgents: readonly string[] }, { peerId: string; path: string }>(
      "applyGroups",
    ),
    reportError: asked<void, { peerId: string; exception: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    discardWork: (_, _params: { peerId: string; paths: readonly (string | null)[] }) => undefined,
    /** Removes a received file that no task takes; the round that runs goes on. */
    discardFile: (_, _params: { peerId: string; path: string | null }) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  guards: {
    /** A worker that names no task (`None`) means the one that it opened. */
    isOpenTask: ({ context, event }) =>
      event.type === "ERROR_REPORTED" && (event.taskId === null || event.taskId === context.taskId),
    isReceivedFile: ({ context, event }) =>
      event.type === "FILE_ANNOUNCED" && event.taskId === context.taskId && event.received,
  },
  delays: {
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
  },
}).createMachine({
  id: "extraValidSync",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    taskId: null,
    receivedPath: null,
    bytes: 0,
    written: 0,
  }),
  initial: "free",
  on: {
    PERMISSION_ASKED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) } },
    TASK_REQUESTED: {
      actions: {
        type: "answer",
        params: ({ event }) =>
          refuse(event.requestId, MusterError.cluster(3000, "an extra-valid task of this worker is already running")),
      },
    },
    FILE_ANNOUNCED: {
      actions: [
        {
          type: "answer",
          params: ({ event }) => refuse(event.requestId, MusterError.cluster(3027, event.taskId)),
        },
        // protocol.md 4: the file of an unknown task is deleted. A path that was not received is only a text.
        { type: "discardFile", params: ({ context, event }) => ({ peerId: context.peerId, path: event.received ? event.path : null }) },
      ],
    },
    ERROR_REPORTED: { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.errorReceived) } },
  },
  states: {
    free: {
      entry: [
        { type: "discardWork", params: ({ context }) => ({ peerId: context.peerId, paths: [context.receivedPath] }) },
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
            }),
            { type: "answer", params: ({ event }) => ok(event.requestId, event.taskId) },
          ],
        },
      },
    },
    receivingFile: {
      after: { timeoutReceivingFile: tooLongIn("receivingFile", "The worker's file") },
      on: {
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
                message: `Error synchronizing extra valid files: ${event.message}`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
      },
    },
    unpacking: {
      invoke: {
        src: "openArchive",
        input: ({ context }) => ({ peerId: context.peerId, path: context.receivedPath ?? "" }),
        onDone: { target: "applying" },
        onError: failedIn("unpacking"),
      },
      after: { workDeadline: tooLongIn("unpacking", "Reading the archive") },
    },
    applying: {
      invoke: {
        src: "applyGroups",
        input: ({ context }) => ({ peerId: context.peerId, path: context.receivedPath ?? "" }),
        onDone: {
          target: "free",
          actions: [
            assign({
              written: ({ event }) => event.output.written,
              record: ({ context }) => roundSucceeded(context.record, context.clock),
            }),
            {
              type: "log",
              params: ({ context, event }) => ({
                level: "info",
                message:
                  `Finished in ${roundSeconds(context.record, context.clock)}. ` +
                  `Updated extra valid files: ${String(event.output.written)} of ${String(event.output.written + event.output.skipped)}.`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
        onError: failedIn("applying"),
      },
      after: { workDeadline: tooLongIn("applying", "Writing the group files") },
    },
    reportingError: {
      entry: {
        type: "log",
        params: ({ context }) => ({
          level: "error",
          message: `Error in extra valid files, ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
          subtag: SUBTAG,
        }),
      },
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          peerId: context.peerId,
          exception: context.record.lastError?.exception ?? "",
        }),
        onDone: { target: "free" },
        onError: { target: "free" },
      },
      after: { workDeadline: { target: "free" } },
    },
  },
});

export type ExtraValidSyncRef = ActorRefFrom<typeof extraValidSync>;
