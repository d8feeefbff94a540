import type { z } from "zod";
import type { AgentStore } from "../agents/AgentStore.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import type { Clock } from "../protocol/Clock.js";
import type { WorkerStep } from "./cluster/WorkerStep.js";
import type { DapiRequest, RequestType } from "./DapiRequest.js";
import type { ApiResult } from "./results/ApiResult.js";

/** What a function of the catalogue may use. Everything that it reads or touches comes through here. */
export interface FunctionContext {
  readonly config: NodeConfig;
  /** The version that this node speaks of itself, for example `4.3.0`. */
  readonly version: string;
  readonly store: AgentStore;
  readonly cluster: ClusterPort;
  readonly files: NodeFiles;
  readonly daemons: DaemonSockets;
  readonly clock: Clock;
  /** Who asks, and what for. */
  readonly request: Pick<DapiRequest, "rbacPermissions" | "currentUser" | "broadcasting" | "nodes" | "fromCluster">;
  readonly signal: AbortSignal;
}

/** The cluster as a function sees it: on a worker these ask the master. */
export interface ClusterPort {
  /** `get_nodes` with its JSON arguments (dapi.md 4.1). */
  nodes(argumentsJson: Readonly<Record<string, unknown>>): Promise<{ readonly items: readonly Readonly<Record<string, unknown>>[]; readonly totalItems: number }>;
  /** `get_health` (dapi.md 4.2). */
  health(filterNode: readonly string[] | null): Promise<{ readonly n_connected_nodes: number; readonly nodes: Readonly<Record<string, unknown>> }>;
  /** The workers that this node watches, and whether they are in step; a worker watches itself. */
  steps(): readonly WorkerStep[];
  /** Whether the node's cluster part runs. */
  readonly running: boolean;
}

/** Files under the node's root; paths are relative to it, confined, and no link out of it is followed. */
export interface NodeFiles {
  /** Text of a file. @throws the system's error (`code`) when it is not there or can't be read */
  readText(path: string, options?: { readonly maxBytes?: number }): Promise<string>;
  /** The last bytes of a file as text, cut at a line's beginning. */
  readTail(path: string, maxBytes: number): Promise<string>;
  /** Names in a folder; empty when there is no such folder. */
  list(path: string): Promise<readonly { readonly name: string; readonly isFile: boolean; readonly isFolder: boolean }[]>;
  /** Undefined when it is not there. */
  stat(path: string): Promise<{ readonly size: number; readonly modified: Date; readonly isFile: boolean } | undefined>;
  /** Hash of a file in hexadecimal, by the name of the algorithm; read in pieces. */
  hash(path: string, algorithm: string): Promise<string>;
  /** Does a process of this id run on this machine? */
  processRuns(pid: number): Promise<boolean>;
}

/** The sockets of other daemons of the node (dapi.md 3.2, 7). */
export interface DaemonSockets {
  /** Sends one datagram to a Unix socket under the root. @throws an error with `code` (ENOENT, ECONNREFUSED, …) */
  sendDatagram(path: string, message: Uint8Array): Promise<void>;
  /** One request on a stream socket under the root: 4-byte little-endian length and text, both ways. */
  exchange(path: string, message: string, options: { readonly signal: AbortSignal; readonly maxBytes?: number }): Promise<string>;
}

/** What the asker must be allowed to do (dapi.md 3.7). */
export interface RequiredPermission {
  /** For example `agent:read`. */
  readonly action: string;
  /** The resource's kind, for example `agent:id`, `node:id`, or `*:*`. */
  readonly resource: string;
}

/** One function of the catalogue. A new one is one entry in its subject's file. */
export interface CatalogueFunction<Schema extends z.ZodType = z.ZodType> {
  readonly module: string;
  readonly qualname: string;
  readonly requestType: RequestType;
  readonly permission: RequiredPermission;
  /** May it be run for a peer or an API user who may only read? */
  readonly readOnly: boolean;
  readonly schema: Schema;
  /** @throws MusterError of the catalogue */
  run(args: z.output<Schema>, context: FunctionContext): Promise<ApiResult>;
}

/** Types a function's `run` by its schema, and forgets the type for the registry. */
export function defineFunction<Schema extends z.ZodType>(definition: CatalogueFunction<Schema>): CatalogueFunction {
  return definition;
}
