import type { FileVersion } from "../../../workers/jobs.js";
import type { Connection } from "../Connection.js";
import type { SettledGroups } from "./SettledGroups.js";
import type { ZipLimit } from "./ZipLimit.js";

/** What a round of the integrity process works on: tables in shared memory, by reference. */
export interface IntegrityRound {
  peerIndex?: SharedArrayBuffer;
  difference?: SharedArrayBuffer;
}

/** One connection as the master's work sees it. */
export interface MasterPeer {
  readonly connection: Connection;
  /** Null until it is admitted. */
  nodeName: string | null;
  integrity: IntegrityRound;
  /** How large its archives may be. */
  readonly zipLimit: ZipLimit;
  /** Group files that this worker was asked for in the last round. */
  wantedGroups: readonly FileVersion[];
  /** Group files of this worker that can't be settled, and are not asked for again. */
  readonly settled: () => SettledGroups;
}
