import type { Logger } from "../telemetry/Logger.js";

/** A value as `set` takes it; a list where the setting is one. */
export type SettingValue = string | number | boolean | readonly string[];

/**
 * What a program says of a node that it runs. Everything but the root may also stand in the root's own files (`etc/ossec.conf`,
 * `etc/cluster.json`, `etc/muster.yaml`, `etc/cluster.keys`), which are read if they are there; what is given here goes over them.
 * The process's environment is not read.
 */
export interface NodeOptions {
  /** The node's data directory; its folders are made when it starts. */
  readonly root: string;
  /** The node's name, another one on each node. @default the files', else node01 */
  readonly name?: string;
  /** The cluster's name, the same on all nodes. @default the files', else wazuh */
  readonly cluster?: string;
  /** The cluster key: 32 letters, digits or `_`. @default the files' */
  readonly key?: string;
  /** The master's port, from 1025 to 65534. @default the files', else 1516 */
  readonly port?: number;
  /** Further values by their names in `muster config show`: `{ "intervals.worker.sync_integrity": 2 }`. @default none */
  readonly set?: Readonly<Record<string, SettingValue>>;
  /** Where the node's log lines go. @default nowhere */
  readonly logger?: Logger;
  /** Threads of the pool that hashes and packs. @default one per core, at least two */
  readonly threads?: number;
}

export interface MasterOptions extends NodeOptions {
  /** Where the master listens. @default the files', else 0.0.0.0 */
  readonly bindAddress?: string;
}

export interface WorkerOptions extends NodeOptions {
  /** The master's address. @default the files' */
  readonly master?: string;
}
