/** What the server tells of its node. */
export interface NodeFacts {
  /** Its data directory, absolute. */
  readonly root: string;
  readonly name: string;
  readonly clusterName: string;
  readonly type: "master" | "worker";
  /** The version that it speaks of itself, for example `4.3.0`. */
  readonly version: string;
}
