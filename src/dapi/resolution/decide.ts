import type { DapiRequest } from "../DapiRequest.js";

/** What a node does with a request (dapi.md 1.2). */
export type Decision =
  /** Run the function here. */
  | "execute"
  /** Find the nodes that it concerns, ask them, merge their answers. */
  | "forward"
  /** Ask the master and hand on its answer. */
  | "askMaster";

/** Where the decision is made. */
export interface DecidingNode {
  readonly type: "master" | "worker";
  /** cluster.json's `distributed_api.enabled`. */
  readonly distributedApiEnabled: boolean;
  /** The request came from outside the cluster and the cluster is disabled here. */
  readonly clusterDisabled: boolean;
}

/** The decision table of dapi.md 1.2, in its order. */
export function decide(request: Pick<DapiRequest, "requestType" | "fromCluster">, node: DecidingNode): Decision {
  const { requestType, fromCluster } = request;
  if (!node.distributedApiEnabled || node.clusterDisabled) return "execute";
  switch (requestType) {
    case "local_any":
      return "execute";
    case "local_master":
      return node.type === "master" ? "execute" : "askMaster";
    case "distributed_master":
      if (fromCluster) return "execute";
      return node.type === "master" ? "forward" : "askMaster";
  }
}
