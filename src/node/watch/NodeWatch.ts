import type { AnyActor } from "xstate";
import type { AgentStore } from "../../agents/AgentStore.js";
import type { Clock } from "../../protocol/Clock.js";
import type { PoolLoad } from "../ports/ThreadPool.js";
import type { StepWatch } from "./StepWatch.js";
import type { Traffic } from "./Traffic.js";

/** What can be read of a running node: metrics, health and the inspector ask here, nothing is kept for them. */
export interface NodeWatch {
  readonly identity: {
    readonly node: string;
    readonly type: "master" | "worker";
    /** muster's version, and the one told to peers. */
    readonly version: string;
    readonly clusterVersion: string;
    readonly cluster: string;
  };
  /** The root of the node's actors. */
  readonly actor: AnyActor;
  readonly clock: Clock;
  readonly steps: Pick<StepWatch, "report">;
  readonly pool: { readonly load: PoolLoad };
  readonly store: Pick<AgentStore, "listAgents" | "describe">;
  readonly traffic: Pick<Traffic, "read">;
}
