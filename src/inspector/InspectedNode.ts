import type { AnyActor } from "xstate";
import type { NodeTaps } from "../node/NodeTaps.js";
import type { Clock } from "../protocol/Clock.js";
import type { LogTap } from "../telemetry/LogTap.js";
import type { NodeIdentity } from "./page/wire.js";

/** What the inspector needs of a node. */
export interface InspectedNode {
  readonly identity: NodeIdentity;
  /** The root of its actors. */
  readonly actor: AnyActor;
  readonly taps: NodeTaps;
  readonly log: LogTap;
  readonly clock: Clock;
  /** The node at the other end of a connection; undefined until it is known. */
  readonly peerName: (connectionId: string) => string | undefined;
  /** Texts that must never be shown, wherever they turn up: the cluster's keys. */
  readonly secrets: readonly string[];
}
