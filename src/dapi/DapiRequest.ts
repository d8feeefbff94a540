/** Where a request is to be run (dapi.md 1.2). */
export type RequestType = "local_any" | "local_master" | "distributed_master";

/** A distributed API request as it travels (dapi.md 1.1), decoded and with its defaults. */
export interface DapiRequest {
  /** The function by module and qualified name: `wazuh.agent` and `get_agents`. Never looked up anywhere but in the catalogue. */
  readonly module: string;
  readonly qualname: string;
  /** The arguments (`f_kwargs`), decoded: datetimes are Dates. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly requestType: RequestType;
  readonly waitForComplete: boolean;
  readonly fromCluster: boolean;
  readonly isAsync: boolean;
  /** The argument that gets the local client; carried, and never needed here. */
  readonly localClientArgument: string | null;
  readonly basicServices: readonly string[];
  /** Actions and resources that the asker may use (dapi.md 3.7). */
  readonly rbacPermissions: Readonly<Record<string, unknown>>;
  readonly currentUser: string;
  readonly broadcasting: boolean;
  readonly nodes: readonly string[];
  /** Seconds; null: the node's own timeout. */
  readonly apiTimeout: number | null;
}
