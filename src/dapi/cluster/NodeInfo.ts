/** A node as `get_nodes` lists it (dapi.md 4.1). */
export interface NodeInfo {
  readonly name: string;
  readonly type: "master" | "worker";
  readonly version: string;
  readonly ip: string;
}

/** The fields in the order in which the reference lists them. */
export const NODE_FIELDS = ["name", "type", "version", "ip"] as const satisfies readonly (keyof NodeInfo)[];
