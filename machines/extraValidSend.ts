import { assign, setup } from "xstate";
import { asked } from "./asked.js";
import {
  failedIn,
  NEW_RECORD,
  roundFailed,
  roundSeconds,
  roundStarted,
  roundSucceeded,
  tooLongIn,
  type LogLine,
  type MachineClock,
  type ProcessRecord,
} from "./process.js";

export type ExtraValidSendEvent = {
  /** The master listed these group files as extra-valid. */
  type: "GROUPS_WANTED";
  paths: readonly string[];
};

export interface ExtraValidSendInput {
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly workDeadline: number;
  readonly transferDeadline: number;
}

export interface ExtraValidSendContext extends ExtraValidSendInput {
  readonly record: ProcessRecord;
  readonly paths: readonly string[];
  readonly taskId: string | null;
  readonly mergedPath: string | null;
  readonly packedPath: string | null;
  readonly parts: number;
}

const SUBTAG = "Integrity sync";

/** A worker's half of the extra-valid process (actors.md; protocol.md 6). */
export const extraValidSend = setup({
  types: {
    context: {} as ExtraValidSendContext,
    events: {} as ExtraValidSendEvent,
    input: {} as ExtraValidSendInput,
  },
  actors: {
    mergeGroups: asked<{ path: string; parts: number }, { paths: readonly string[] }>("mergeGroups"),
    askPermission: asked<{ granted: boolean }, Record<string, never>>("askPermission"),
    requestTask: asked<{ taskId: string }, Record<string, never>>("requestTask"),
    packGroups: asked<{ path: string; bytes: number }, { mergedPath: string }>("packGroups"),
    sendArchive: asked<{ bytes: number }, { taskId: string; path: string }>("sendArchive"),
    announce: asked<void, { taskId: string; path: string }>("announce"),
    reportError: asked<void, { taskId: string | null; exception: string }>("reportError"),
  },
  actions: {
    log: (_, _params: LogLine) => undefined,
    discardWork: (_, _params: { paths: readonly (string | null)[] }) => undefined,
    recordFailure: assign({
      record: ({ context }, params: { error: unknown; step: string }) =>
        roundFailed(context.record, context.clock, params),
    }),
  },
  delays: {
    workDeadline: ({ context }) => context.workDeadline,
    transferDeadline: ({ context }) => context.transferDeadline,
  },
}).createMachine({
  id: "extraValidSend",
  context: ({ input }) => ({
    ...input,
    record: NEW_RECORD,
    paths: [],
    taskId: null,
    mergedPath: null,
    packedPath: null,
    parts: 0,
  }),
  initial: "free",
  states: {
    free: {
      entry: [
        { type: "discardWork", params: ({ context }) => ({ paths: [context.mergedPath, context.packedPath] }) },
        assign({ taskId: null, mergedPath: null, packedPath: null, paths: [] }),
      ],
      on: {
        GROUPS_WANTED: {
          guard: ({ event }) => event.paths.length > 0,
          target: "merging",
          actions: [
            assign({
              paths: ({ event }) => event.paths,
              record: ({ context }) => roundStarted(context.record, context.clock),
            }),
            {
              type: "log",
              params: ({ event }) => ({
                level: "info",
                message: `Master requires some worker files: ${String(event.paths.length)}.`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
      },
    },
    merging: {
      invoke: {
        src: "mergeGroups",
        input: ({ context }) => ({ paths: context.paths }),
        onDone: {
          target: "awaitingPermission",
          actions: assign({ mergedPath: ({ event }) => event.output.path, parts: ({ event }) => event.output.parts }),
        },
        onError: failedIn("merging"),
      },
      after: { workDeadline: tooLongIn("merging", "Merging the group files") },
    },
    awaitingPermission: {
      invoke: {
        src: "askPermission",
        input: {},
        onDone: [
          { guard: ({ event }) => event.output.granted, target: "requestingTask" },
          {
            // Nothing is lost: the next integrity round asks for the same files again.
            target: "free",
            actions: {
              type: "log",
              params: {
                level: "info",
                message: "Master didn't grant permission to synchronize extra valid files.",
                subtag: SUBTAG,
              },
            },
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
        src: "packGroups",
        input: ({ context }) => ({ mergedPath: context.mergedPath ?? "" }),
        onDone: { target: "sendingFile", actions: assign({ packedPath: ({ event }) => event.output.path }) },
        onError: failedIn("packing"),
      },
      after: { workDeadline: tooLongIn("packing", "Packing the group files") },
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
        onDone: {
          target: "free",
          actions: [
            assign({ record: ({ context }) => roundSucceeded(context.record, context.clock) }),
            {
              type: "log",
              params: ({ context }) => ({
                level: "info",
                message: `Sent ${String(context.parts)} extra valid files to the master in ${roundSeconds(context.record, context.clock)}.`,
                subtag: SUBTAG,
              }),
            },
          ],
        },
        onError: failedIn("announcing"),
      },
      after: { workDeadline: tooLongIn("announcing", "The master's answer") },
    },
    reportingError: {
      entry: {
        type: "log",
        params: ({ context }) => ({
          level: "error",
          message: `Error sending extra valid files, ${context.record.lastError?.step ?? ""}: ${context.record.lastError?.message ?? ""}`,
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
