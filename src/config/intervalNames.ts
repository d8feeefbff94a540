/** How cluster.json spells each interval, by section (dapi.md 5.3). */
export const INTERVAL_NAMES = {
  worker: {
    syncIntegrity: "sync_integrity",
    syncAgentInfo: "sync_agent_info",
    syncAgentInfoKoRetry: "sync_agent_info_ko_retry",
    keepAlive: "keep_alive",
    connectionRetry: "connection_retry",
    maxFailedKeepaliveAttempts: "max_failed_keepalive_attempts",
    timeoutAgentGroups: "timeout_agent_groups",
    agentGroupsMismatchLimit: "agent_groups_mismatch_limit",
  },
  master: {
    recalculateIntegrity: "recalculate_integrity",
    checkWorkerLastKeepalive: "check_worker_lastkeepalive",
    maxAllowedTimeWithoutKeepalive: "max_allowed_time_without_keepalive",
    syncAgentGroups: "sync_agent_groups",
    agentGroupStartDelay: "agent_group_start_delay",
    maxLockedIntegrityTime: "max_locked_integrity_time",
  },
  communication: {
    timeoutClusterRequest: "timeout_cluster_request",
    timeoutDapiRequest: "timeout_dapi_request",
    timeoutReceivingFile: "timeout_receiving_file",
    maxZipSize: "max_zip_size",
    minZipSize: "min_zip_size",
    compressLevel: "compress_level",
    zipLimitTolerance: "zip_limit_tolerance",
  },
} as const;

/** Names in files of later releases that nothing reads, in the reference as here (dialects.md 1.11). */
export const UNREAD_INTERVALS: Readonly<Record<keyof typeof INTERVAL_NAMES, readonly string[]>> = Object.freeze({
  worker: ["sync_agent_groups"],
  master: ["process_pool_size", "timeout_extra_valid", "timeout_agent_info"],
  communication: [],
});
