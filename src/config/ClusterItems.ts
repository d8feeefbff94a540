/** One entry of cluster.json's `files`: which files of one directory travel, and how (protocol.md 8). */
export interface FileItem {
  /** Mode bits that a written file gets, for example 0o660. */
  readonly permissions: number;
  /** Names that travel, or `["all"]`. */
  readonly files: readonly string[];
  readonly recursive: boolean;
  /** Carried for other readers of cluster.json; the reference never consults it. */
  readonly restart: boolean;
  /** A directory that a deletion left empty (but for excluded files) is removed. */
  readonly removeSubdirsIfEmpty: boolean;
  /** A file that only the worker has is sent to the master instead of deleted. */
  readonly extraValid: boolean;
}

/**
 * Intervals and timeouts, in seconds unless said; fractions are allowed (protocol.md 8, dapi.md 5.3). They are
 * those of all dialects together: one that a dialect has no use for does nothing.
 */
export interface ClusterIntervals {
  readonly worker: {
    readonly syncIntegrity: number;
    readonly syncAgentInfo: number;
    readonly syncAgentInfoKoRetry: number;
    readonly keepAlive: number;
    readonly connectionRetry: number;
    /** A count, not seconds. */
    readonly maxFailedKeepaliveAttempts: number;
    readonly timeoutAgentGroups: number;
    /** A count: answers that differ from the master's, in a row, before the full set is asked for. */
    readonly agentGroupsMismatchLimit: number;
  };
  readonly master: {
    readonly recalculateIntegrity: number;
    readonly checkWorkerLastKeepalive: number;
    readonly maxAllowedTimeWithoutKeepalive: number;
    readonly syncAgentGroups: number;
    readonly agentGroupStartDelay: number;
    readonly maxLockedIntegrityTime: number;
  };
  readonly communication: {
    readonly timeoutClusterRequest: number;
    readonly timeoutDapiRequest: number;
    readonly timeoutReceivingFile: number;
    /** Bytes: the largest archive of zlib members, packed and unpacked, and the smallest that its limit shrinks to. */
    readonly maxZipSize: number;
    readonly minZipSize: number;
    /** zlib's level, 0 to 9. */
    readonly compressLevel: number;
    /** The part by which the limit shrinks and grows, above 0 and below 1. */
    readonly zipLimitTolerance: number;
  };
}

/** cluster.json, resolved over its defaults. Plain data: it travels to pool threads. */
export interface ClusterItems {
  /** Item key (`etc/rules/`, always with a trailing slash) → item. */
  readonly files: Readonly<Record<string, FileItem>>;
  readonly excludedFiles: readonly string[];
  readonly excludedExtensions: readonly string[];
  readonly intervals: ClusterIntervals;
  readonly distributedApiEnabled: boolean;
}
