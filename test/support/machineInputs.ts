import type { MachineClock } from "../../machines/process.js";

/** Milliseconds of every interval, all different, so that a snapshot tells which one passed. */
export const INTERVALS = Object.freeze({
  recalculateIntegrity: 8_000,
  checkWorkerLastKeepalive: 60_000,
  maxAllowedTimeWithoutKeepalive: 130_000,
  helloTimeout: 15_000,
  timeoutReceivingFile: 120_000,
  connectionRetry: 10_000,
  keepAlive: 61_000,
  maxFailedKeepaliveAttempts: 2,
  syncIntegrity: 9_000,
  syncAgentInfo: 11_000,
  syncAgentInfoKoRetry: 1_000,
  timeoutAgentGroups: 41_000,
  agentGroupsMismatchLimit: 5,
  agentGroupStartDelay: 30_000,
  syncAgentGroups: 10_500,
  maxLockedIntegrityTime: 1_000_000,
  workDeadline: 600_000,
  transferDeadline: 3_600_000,
  closeDeadline: 5_000,
  drainDeadline: 12_000,
  connectDeadline: 20_000,
  dapiConcurrency: 2,
  dapiCapacity: 2,
  dapiStepDeadline: 30_000,
  sendsyncConcurrency: 2,
  sendsyncCapacity: 1,
  localClients: 2,
});

/** The input of any machine that needs no more than intervals, the clock and a number that is not random. */
export const withIntervals = (clock: MachineClock) => ({ ...INTERVALS, clock, random: () => 0.5 });

/** The input of a master's process. */
export const ofPeer = (clock: MachineClock) => ({ ...INTERVALS, clock, peerId: "peer-1", permission: "whenFree" as const });
