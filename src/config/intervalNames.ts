/** How cluster.json spells each interval, by section (dapi.md 5.3). */
export const INTERVAL_NAMES = {
  worker: {
    syncIntegrity: "sync_integrity",
    syncAgentInfo: "sync_agent_info",
    syncAgentInfoKoRetry: "sync_agent_info_ko_retry",
    keepAlive: "keep_alive",
    connectionRetry: "connection_retry",
    maxFailedKeepaliveAttempts: "max_failed_keepalive_attempts",
  },
  master: {
    recalculateIntegrity: "recalculate_integrity",
    checkWorkerLastKeepalive: "check_worker_lastkeepalive",
    maxAllowedTimeWithoutKeepalive: "max_allowed_time_without_keepalive",
  },
  communication: {
    timeoutClusterRequest: "timeout_cluster_request",
    timeoutDapiRequest: "timeout_dapi_request",
    timeoutReceivingFile: "timeout_receiving_file",
  },
} as const;

/** The one interval that counts attempts instead of seconds. */
export const ATTEMPTS_INTERVAL = "max_failed_keepalive_attempts";
