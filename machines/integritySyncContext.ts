import type { ProcessRules } from "../src/protocol/dialects/Dialect.js";
import type { DifferenceCounts } from "../workers/jobs.js";
import type { MachineClock, Period, ProcessRecord } from "./process.js";

/** What the peer asks of a process that receives a file (protocol.md 4). */
export type ReceivingEvent =
  | { type: "PERMISSION_ASKED"; requestId: number }
  | { type: "TASK_REQUESTED"; requestId: number; taskId: string }
  /** `received`: the peer sent this file whole in this connection. */
  | { type: "FILE_ANNOUNCED"; requestId: number; taskId: string; path: string; received: boolean }
  | { type: "ERROR_REPORTED"; requestId: number; taskId: string | null; message: string }
  /** Bytes of the announced transfer that have arrived; sent now and then, not for every chunk. */
  | { type: "TRANSFER_PROGRESSED"; bytes: number };

export type IntegritySyncEvent =
  | ReceivingEvent
  /** The master has gone over its own files: this worker may ask again. */
  | { type: "INDEX_CYCLE" };

export interface IntegritySyncInput {
  readonly peerId: string;
  readonly clock: MachineClock;
  /** Milliseconds. */
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
  /** A round that lasts longer than this is given up when its worker asks for another one. */
  readonly maxLockedIntegrityTime: number;
  readonly permission: ProcessRules["integrityPermission"];
}

export interface IntegritySyncContext extends IntegritySyncInput {
  readonly record: ProcessRecord;
  /** Since the last pass over the master's own files no round of this worker was permitted. */
  readonly isDue: boolean;
  /** The task that the worker opened, while there is one. */
  readonly taskId: string | null;
  /** The task that the worker opened for our archive. */
  readonly workerTaskId: string | null;
  /** Archive received, and archive to send: relative to root. */
  readonly receivedPath: string | null;
  readonly packedPath: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly counts: DifferenceCounts | null;
  /** The last completed check and the last completed synchronisation. */
  readonly lastCheck: Period | null;
  readonly lastSync: (Period & { readonly counts: DifferenceCounts }) | null;
  /** When the worker last knew that nothing differed: wall time. */
  readonly lastInStep: number | null;
  /** Start of the synchronisation that runs: wall time and monotonic. */
  readonly syncStartedAt: number;
  readonly syncStartedMonotonic: number;
}
