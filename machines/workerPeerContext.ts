import type { ProcessRules } from "../src/protocol/dialects/Dialect.js";
import type { Hello } from "./admission.js";
import type { MachineClock } from "./process.js";
import type { Crashes } from "./supervision.js";

export interface WorkerPeerInput {
  readonly peerId: string;
  readonly address: string;
  readonly clock: MachineClock;
  /** All in milliseconds. */
  readonly helloTimeout: number;
  readonly maxAllowedTimeWithoutKeepalive: number;
  readonly timeoutReceivingFile: number;
  readonly workDeadline: number;
  readonly transferDeadline: number;
  readonly maxLockedIntegrityTime: number;
  readonly closeDeadline: number;
}

export interface WorkerPeerContext extends WorkerPeerInput {
  readonly hello: Hello | null;
  /** Counter of the hello that waits for its answer; null when none does. */
  readonly helloRequestId: number | null;
  readonly nodeName: string | null;
  /** Null until it is admitted. */
  readonly rules: ProcessRules | null;
  readonly connectedAt: number | null;
  /** Wall time, and monotonic time, of the last keepalive. */
  readonly lastKeepalive: number;
  readonly lastKeepaliveMonotonic: number;
  /** The connection that waits for the end of a probe of this one. */
  readonly newcomer: string | null;
  readonly crashes: Crashes;
  readonly closeReason: string | null;
}
