import type { NodeConfig } from "../config/NodeConfig.js";

/** Milliseconds that a step on this node's own disk or threads may take before it counts as failed. */
const WORK_DEADLINE = 600_000;
/** Milliseconds that one transfer may take in all; each of its messages has its own, shorter time. */
export const TRANSFER_DEADLINE = 3_600_000;
/** Milliseconds in which a connection that is being closed must take what is still to be sent. */
const CLOSE_DEADLINE = 5_000;
/** Milliseconds in which the master must take a connection, and answer the hello. */
const CONNECT_DEADLINE = 20_000;
/** Milliseconds in which a request is resolved and sent on, and its answer taken by the asker. */
const DAPI_STEP_DEADLINE = 30_000;
/** Seconds that a function may take, unless the request says otherwise (dapi.md 1.6). */
export const REQUEST_TIMEOUT = 10;
/** Seconds beyond the function's own that another node's answer may take to come back. */
export const DAPI_GRACE = 5;
/** Milliseconds that a request may take at most, also one that waits for completion. */
export const LONGEST_REQUEST = 3_600_000;
/** Seconds that a daemon may take to reply to a message. */
export const DAEMON_TIMEOUT = 20;
/** Seconds in which an old connection must answer a probe, or lose its name to a newcomer. */
export const PROBE_SECONDS = 3;

/** The cluster's intervals as machines take them: milliseconds. */
export function machineIntervals(config: NodeConfig) {
  const { worker, master, communication } = config.items.intervals;
  return {
    recalculateIntegrity: master.recalculateIntegrity * 1000,
    checkWorkerLastKeepalive: master.checkWorkerLastKeepalive * 1000,
    maxAllowedTimeWithoutKeepalive: master.maxAllowedTimeWithoutKeepalive * 1000,
    helloTimeout: config.limits.helloTimeout * 1000,
    timeoutReceivingFile: communication.timeoutReceivingFile * 1000,
    connectionRetry: worker.connectionRetry * 1000,
    keepAlive: worker.keepAlive * 1000,
    maxFailedKeepaliveAttempts: worker.maxFailedKeepaliveAttempts,
    syncIntegrity: worker.syncIntegrity * 1000,
    syncAgentInfo: worker.syncAgentInfo * 1000,
    timeoutAgentGroups: worker.timeoutAgentGroups * 1000,
    agentGroupsMismatchLimit: worker.agentGroupsMismatchLimit,
    agentGroupStartDelay: master.agentGroupStartDelay * 1000,
    syncAgentGroups: master.syncAgentGroups * 1000,
    maxLockedIntegrityTime: master.maxLockedIntegrityTime * 1000,
    syncAgentInfoKoRetry: worker.syncAgentInfoKoRetry * 1000,
    workDeadline: WORK_DEADLINE,
    transferDeadline: TRANSFER_DEADLINE,
    closeDeadline: CLOSE_DEADLINE,
    drainDeadline: config.settings.daemon.drain * 1000,
    connectDeadline: CONNECT_DEADLINE,
    dapiStepDeadline: DAPI_STEP_DEADLINE,
    dapiConcurrency: config.limits.requestsAtOnce,
    dapiCapacity: config.limits.requestsWaiting,
    sendsyncConcurrency: config.limits.messagesAtOnce,
    sendsyncCapacity: config.limits.messagesWaiting,
    localClients: config.limits.localClients,
  };
}
