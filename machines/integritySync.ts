import { assign, setup, type ActorRefFrom } from "xstate";
import { ANSWER_TEXT } from "../src/protocol/commands.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import type { DifferenceCounts } from "../workers/jobs.js";
import { asked } from "./asked.js";
import type { IntegritySyncContext, IntegritySyncEvent, IntegritySyncInput } from "./integritySyncContext.js";
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
  type Period,
} from "./process.js";

export type { IntegritySyncContext, IntegritySyncEvent, IntegritySyncInput, ReceivingEvent } from "./integritySyncContext.js";

const CHECK = "Integrity check";
const SYNC = "Integrity sync";

/** The master's half of the integrity process, one per worker (actors.md; protocol.md 6). */
export const integritySync = setup({
  types: {
    context: {} as IntegritySyncContext,
    events: {} as IntegritySyncEvent,
    input: {} as IntegritySyncInput,
  },
  actors: {
    readPeerIndex: asked<{ files: number }, { peerId: string; path: string }>("readPeerIndex"),
    compareIndexes: asked<{ counts: DifferenceCounts }, { peerId: string }>("compareIndexes"),
    confirm: asked<void, { peerId: string }>("confirm"),
    packDifference: asked<{ path: string; files: number; bytes: number; counts: DifferenceCounts }, { peerId: string }>(
      "packDifference",
    ),
    requestTask: asked<{ taskId: string }, { peerId: string }>("requestTask"),
    sendArchive: asked<{ bytes: number }, { peerId: string; taskId: string; path: string }>("sendArchive"),
    announce: asked<void, { peerId: string; taskId: string; path: string }>("announce"),
    /** `cancelled`: the worker's task whose file did not come. */
    reportError: asked<void, { peerId: string; taskId: string | null; cancelled: string | null; exception: string }>("reportError"),
  },
  actions: {
    answer: (_, _params: Answer) => undefined,
    log: (_, _params: LogLine) => undefined,
    /** Removes the received and the packed archive of this round, and what was read from them. */
    discardWork: (_, _params: { peerId: string; paths: readonly (string | null)[] }) => undefined,
    /** Removes a received file that no task takes; the round that runs goes on. */
    discardFile: (_, _params: { peerId: string; path: string | null }) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  guards: {
    mayBegin: ({ context }) => context.permission === "whenFree" || context.isDue,
    isLockedTooLong: ({ context }) =>
      context.permission === "oncePerIndex" &&
      context.clock.now() - context.record.startedMonotonic > context.maxLockedIntegrityTime,
    /** A worker that names no task (`None`) means the one that it opened. */
    isOpenTask: ({ context, event }) =>
      event.type === "ERROR_REPORTED" && (event.taskId === null || event.taskId === context.taskId),
    isReceivedFile: ({ context, event }) =>
      event.type === "FILE_ANNOUNCED" && event.taskId === context.taskId && event.received,
    inStep: (_, params: { counts: DifferenceCounts }) =>
      params.counts.missing + params.counts.shared + params.counts.extra + params.counts.extraValid === 0,
  },
  delays: {
    timeoutReceivingFile: ({ context }) => context.timeoutReceivingFile,
    workDeadline: ({ context }) => context.workDeadline,
    transferDeadline: ({ context }) => context.transferDeadline,
  },
}).createMachine({
  id: "integritySync",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    isDue: true,
    taskId: null,
    workerTaskId: null,
    receivedPath: null,
    packedPath: null,
    files: 0,
    bytes: 0,
    counts: null,
    lastCheck: null,
    lastSync: null,
    lastInStep: null,
    syncStartedAt: 0,
    syncStartedMonotonic: 0,
  }),
  initial: "free",
  on: {
    INDEX_CYCLE: { actions: assign({ isDue: true }) },
    PERMISSION_ASKED: [
      {
        guard: "isLockedTooLong",
        target: ".free",
        actions: [
          // The next question is answered by a process that is free.
          { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) },
          { type: "recordFailure", params: () => ({ error: new Error("the round lasted longer than max_locked_integrity_time"), step: "locked" }) },
          {
            type: "log",
            params: ({ context }) => ({
              level: "warning",
              message: `The integrity round is given up after ${roundSeconds(context.record, context.clock)}.`,
              subtag: CHECK,
            }),
          },
        ],
      },
      { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) } },
    ],
    TASK_REQUESTED: {
      actions: {
        type: "answer",
        params: ({ event }) =>
          refuse(event.requestId, MusterError.cluster(3000, "an integrity task of this worker is already running")),
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
        { type: "discardWork", params: ({ context }) => ({ peerId: context.peerId, paths: [context.receivedPath, context.packedPath] }) },
        assign({ taskId: null, workerTaskId: null, receivedPath: null, packedPath: null }),
      ],
      on: {
        PERMISSION_ASKED: [
          {
            guard: "mayBegin",
            actions: [
              assign({ isDue: false }),
              { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionGranted) },
            ],
          },
          { actions: { type: "answer", params: ({ event }) => ok(event.requestId, ANSWER_TEXT.permissionRefused) } },
        ],
        TASK_REQUESTED: {
          target: "receivingFile",
          actions: [
            assign({
              taskId: ({ event }) => event.taskId,
              record: ({ context }) => roundStarted(context.record, context.clock),
              counts: null,
              files: 0,
              bytes: 0,
            }),
            { type: "answer", params: ({ event }) => ok(event.requestId, event.taskId) },
            { type: "log", params: { level: "info", message: "Starting.", subtag: CHECK } },
          ],
        },
      },
    },
    receivingFile: {
      after: { timeoutReceivingFile: tooLongIn("receivingFile", "The worker's file") },
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
                message: `Error synchronizing extra valid files or integrity on the worker: ${event.message}`,
                subtag: CHECK,
              }),
            },
          ],
        },
      },
    },
    unpacking: {
      invoke: {
        src: "readPeerIndex",
        input: ({ context }) => ({ peerId: context.peerId, path: context.receivedPath ?? "" }),
        onDone: { target: "comparing", actions: assign({ files: ({ event }) => event.output.files }) },
        onError: failedIn("unpacking"),
      },
      after: { workDeadline: tooLongIn("unpacking", "Reading the worker's index") },
    },
    comparing: {
      invoke: {
        src: "compareIndexes",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: [
          {
            guard: { type: "inStep", params: ({ event }) => event.output },
            target: "confirming",
            actions: [
              assign({ counts: ({ event }) => event.output.counts, lastCheck: ({ context }) => checkPeriod(context) }),
              {
                type: "log",
                params: ({ context }) => ({
                  level: "info",
                  message: `Finished in ${roundSeconds(context.record, context.clock)}. Received metadata of ${String(context.files)} files. Sync not required.`,
                  subtag: CHECK,
                }),
              },
            ],
          },
          {
            target: "packing",
            actions: [
              assign({
                counts: ({ event }) => event.output.counts,
                lastCheck: ({ context }) => checkPeriod(context),
                syncStartedAt: ({ context }) => context.clock.wallTime(),
                syncStartedMonotonic: ({ context }) => context.clock.now(),
              }),
              {
                type: "log",
                params: ({ context }) => ({
                  level: "info",
                  message: `Finished in ${roundSeconds(context.record, context.clock)}. Received metadata of ${String(context.files)} files. Sync required.`,
                  subtag: CHECK,
                }),
              },
              { type: "log", params: { level: "info", message: "Starting.", subtag: SYNC } },
              {
                type: "log",
                params: ({ event }) => ({
                  level: "info",
                  message:
                    `Files to create in worker: ${String(event.output.counts.missing)} | ` +
                    `Files to update in worker: ${String(event.output.counts.shared)} | ` +
                    `Files to delete in worker: ${String(event.output.counts.extra)} | ` +
                    `Files to receive: ${String(event.output.counts.extraValid)}`,
                  subtag: SYNC,
                }),
              },
            ],
          },
        ],
        onError: failedIn("comparing"),
      },
      after: { workDeadline: tooLongIn("comparing", "The comparison") },
    },
    confirming: {
      invoke: {
        src: "confirm",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: {
          target: "free",
          actions: assign({
            record: ({ context }) => roundSucceeded(context.record, context.clock),
            lastInStep: ({ context }) => context.clock.wallTime(),
          }),
        },
        onError: failedIn("confirming"),
      },
      after: { workDeadline: tooLongIn("confirming", "The worker's answer to syn_m_c_ok") },
    },
    packing: {
      invoke: {
        src: "packDifference",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: {
          target: "requestingTask",
          actions: assign({ packedPath: ({ event }) => event.output.path, counts: ({ event }) => event.output.counts }),
        },
        onError: failedIn("packing"),
      },
      after: { workDeadline: tooLongIn("packing", "Packing the files") },
    },
    requestingTask: {
      invoke: {
        src: "requestTask",
        input: ({ context }) => ({ peerId: context.peerId }),
        onDone: { target: "sendingFile", actions: assign({ workerTaskId: ({ event }) => event.output.taskId }) },
        onError: failedIn("requestingTask"),
      },
      after: { workDeadline: tooLongIn("requestingTask", "The worker's answer to syn_m_c") },
    },
    sendingFile: {
      invoke: {
        src: "sendArchive",
        input: ({ context }) => ({
          peerId: context.peerId,
          taskId: context.workerTaskId ?? "",
          path: context.packedPath ?? "",
        }),
        onDone: { target: "announcing" },
        onError: failedIn("sendingFile"),
      },
      after: { transferDeadline: tooLongIn("sendingFile", "The transfer") },
    },
    announcing: {
      invoke: {
        src: "announce",
        input: ({ context }) => ({
          peerId: context.peerId,
          taskId: context.workerTaskId ?? "",
          path: context.packedPath ?? "",
        }),
        onDone: {
          target: "free",
          actions: [
            assign({
              record: ({ context }) => roundSucceeded(context.record, context.clock),
              lastSync: ({ context }) => ({
                startedAt: context.syncStartedAt,
                endedAt: context.clock.wallTime(),
                counts: context.counts ?? { missing: 0, shared: 0, extra: 0, extraValid: 0 },
              }),
            }),
            {
              type: "log",
              params: ({ context }) => ({
                level: "info",
                message: `Finished in ${((context.clock.now() - context.syncStartedMonotonic) / 1000).toFixed(3)}s.`,
                subtag: SYNC,
              }),
            },
          ],
        },
        onError: failedIn("announcing"),
      },
      after: { workDeadline: tooLongIn("announcing", "The worker's answer to syn_m_c_e") },
    },
    reportingError: {
      entry: {
        type: "log",
        params: ({ context }) => ({
          level: "error",
          message: `Error in ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
          subtag: SYNC,
        }),
      },
      invoke: {
        src: "reportError",
        input: ({ context }) => ({
          peerId: context.peerId,
          taskId: context.workerTaskId,
          cancelled: context.record.lastError?.step === "receivingFile" ? context.taskId : null,
          exception: context.record.lastError?.exception ?? "",
        }),
        onDone: { target: "free" },
        onError: { target: "free" },
      },
      after: { workDeadline: { target: "free" } },
    },
  },
});

export type IntegritySyncRef = ActorRefFrom<typeof integritySync>;

function checkPeriod(context: IntegritySyncContext): Period {
  const endedAt = context.clock.wallTime();
  return { startedAt: context.record.startedAt ?? endedAt, endedAt };
}
