import type { FileVersion } from "../../../workers/jobs.js";
import type { Connection } from "../Connection.js";
import type { SettledGroups } from "./SettledGroups.js";
import type { ZipLimit } from "./ZipLimit.js";

/** What a round of the integrity process works on: tables in shared memory, by reference. */
export interface IntegrityRound {
  /** The worker's archive, relative to root, and its SHA-256. */
  archive?: string;
  archiveHash?: string | undefined;
  peerIndex?: SharedArrayBuffer;
  files?: number;
  difference?: SharedArrayBuffer;
  /** `CompareResult.content` of the difference. */
  content?: string | null;
}

/** What was found in step: as long as neither side's index is another one, it still is. */
export interface InStep {
  readonly archiveHash: string;
  /** Of the master's index. */
  readonly version: number;
  readonly files: number;
}

/** One connection as the master's work sees it. */
export interface MasterPeer {
  readonly connection: Connection;
  /** Null until it is admitted. */
  nodeName: string | null;
  /** What it can do beyond the protocol, as it has told. */
  features: readonly string[];
  integrity: IntegrityRound;
  /** How large its archives may be. */
  readonly zipLimit: ZipLimit;
  /** The last index with which this worker was in step. */
  inStep?: InStep;
  /** Group files that this worker was asked for in the last round. */
  wantedGroups: readonly FileVersion[];
  /** Group files of this worker that can't be settled, and are not asked for again. */
  readonly settled: () => SettledGroups;
}
