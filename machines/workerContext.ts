import type { ProcessRules } from "../src/protocol/dialects/Dialect.js";
import type { ServiceBounds } from "./nodeServices.js";
import type { MachineClock, ProcessFailure } from "./process.js";
import type { Crashes } from "./supervision.js";

export interface WorkerInput extends ServiceBounds {
  readonly nodeName: string;
  readonly clock: MachineClock;
  /** Those of the dialect that this worker speaks. */
  readonly rules: ProcessRules;
  /** A number in [0, 1): spreads the reconnects of many workers. */
  readonly random: () => number;
  /** All in milliseconds but the attempts. */
  readonly connectDeadline: number;
  readonly connectionRetry: number;
  readonly keepAlive: number;
  readonly maxFailedKeepaliveAttempts: number;
  readonly syncIntegrity: number;
  readonly syncAgentInfo: number;
  readonly syncAgentInfoKoRetry: number;
  readonly timeoutAgentGroups: number;
  /** A count. */
  readonly agentGroupsMismatchLimit: number;
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
  readonly drainDeadline: number;
  /** Whether the master is told of features at all (`push.enabled`). */
  readonly announces: boolean;
}

export interface WorkerContext extends WorkerInput {
  /** Connections tried since the last good one. */
  readonly attempts: number;
  /** Milliseconds until the next attempt. */
  readonly retryIn: number;
  readonly connectedAt: number | null;
  /** What the master can do beyond the protocol; nothing when it is foreign. */
  readonly masterFeatures: readonly string[];
  readonly lastError: ProcessFailure | null;
  readonly crashes: Crashes;
}
