import type { MusterError } from "../src/protocol/errors/MusterError.js";
import type { ProcessRules } from "../src/protocol/dialects/Dialect.js";
import type { Hello } from "./admission.js";
import type { AgentGroupsSendEvent } from "./agentGroupsSend.js";
import type { AgentInfoSyncEvent } from "./agentInfoSync.js";
import type { ReceivingEvent } from "./integritySync.js";

/** The processes of one worker on the master, by actor id. */
export const PEER_PROCESSES = ["integritySync", "extraValidSync", "agentInfoSync", "agentGroupsSend"] as const;
export type PeerProcess = (typeof PEER_PROCESSES)[number];

export type WorkerPeerEvent =
  | { type: "HELLO_RECEIVED"; requestId: number; hello: Hello }
  | { type: "HELLO_REJECTED"; requestId: number; error: MusterError }
  /** `rules`: those of the dialect that it speaks. */
  | { type: "ADMITTED"; rules: ProcessRules }
  /** `hint`: for the log alone. */
  | { type: "REFUSED"; error: MusterError; hint?: string }
  | { type: "KEEPALIVE_RECEIVED" }
  | { type: "KEEPALIVE_CHECK" }
  | { type: "PROBE_REQUESTED"; newcomer: string }
  /** The master has gone over its own files. */
  | { type: "INDEX_CYCLE" }
  | { type: "GROUPS_COLLECTED"; batch: number }
  | { type: "PEER_ASKED"; to: "integritySync" | "extraValidSync"; event: ReceivingEvent }
  | { type: "PEER_ASKED"; to: "agentInfoSync"; event: AgentInfoSyncEvent }
  | { type: "PEER_ASKED"; to: "agentGroupsSend"; event: AgentGroupsSendEvent }
  | { type: "CHILD_RESTART_DUE"; child: PeerProcess }
  | { type: "CLOSE_REQUESTED"; reason: string }
  | { type: "LINK_CLOSED"; reason: string }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string }
  | { type: `xstate.done.actor.${string}`; output: unknown; actorId: string };

/** Told to the master. */
export type WorkerPeerReport =
  | { type: "ADMISSION_ASKED"; peerId: string; hello: Hello }
  | { type: "PEER_ADMITTED"; peerId: string; nodeName: string }
  | { type: "PEER_PROBED"; peerId: string; newcomer: string; alive: boolean }
  | { type: "PEER_CLOSED"; peerId: string; nodeName: string | null };
