import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { ClusterItems } from "./ClusterItems.js";
import type { Limits } from "./Limits.js";
import type { Settings } from "./settings/schema.js";

/** The `<cluster>` block of ossec.conf, resolved over its defaults (dapi.md 5.1). */
export interface ClusterBlock {
  readonly name: string;
  readonly nodeName: string;
  readonly nodeType: "master" | "worker";
  /** 32 characters; never printed. */
  readonly key: string;
  readonly port: number;
  readonly bindAddress: string;
  /** The first one is the master's address. */
  readonly nodes: readonly string[];
  readonly hidden: string;
  readonly disabled: boolean;
  /** Elements that muster does not know, kept as they were read. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A node's whole configuration: resolved, validated, frozen. */
export interface NodeConfig {
  /** The node's data directory, absolute, without a trailing slash. */
  readonly root: string;
  readonly cluster: ClusterBlock;
  /** The dialect that the settings name, with the version to send; null: none, see `Settings`. */
  readonly dialect: Dialect | null;
  /** cluster.json over the defaults of `dialect`, or of the first one. */
  readonly items: ClusterItems;
  /** The same over each dialect's defaults, by its id: a master without a setting follows its workers. */
  readonly itemsByDialect: Readonly<Record<string, ClusterItems>>;
  readonly limits: Limits;
  /** What muster.yaml adds. */
  readonly settings: Settings;
  /** The accepted cluster keys, the one for sending first; never printed. Empty when the cluster is disabled without a key. */
  readonly keys: readonly string[];
  /** The files that `keys` come from; empty when it is `<key>`. */
  readonly keyFiles: readonly string[];
}
