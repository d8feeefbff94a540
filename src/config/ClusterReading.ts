import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import type { SourcePosition } from "./TextPositions.js";

/** The values of a `<cluster>` block, each one of its own type but not yet judged. */
export interface ClusterValues {
  readonly name: string;
  readonly nodeName: string;
  /** As it was written, except that `client` has become `worker`. */
  readonly nodeType: string;
  readonly key: string;
  readonly port: number;
  readonly bindAddress: string;
  readonly nodes: readonly string[];
  readonly hidden: string;
  readonly disabled: boolean;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A value of the block that an element of its own sets. */
export type ClusterSetting = Exclude<keyof ClusterValues, "extra">;

/** The element that sets each value. */
export const CLUSTER_ELEMENTS: Readonly<Record<ClusterSetting, string>> = Object.freeze({
  name: "name",
  nodeName: "node_name",
  nodeType: "node_type",
  key: "key",
  port: "port",
  bindAddress: "bind_addr",
  nodes: "nodes",
  hidden: "hidden",
  disabled: "disabled",
});

/** What the reading of ossec.conf's `<cluster>` block gave (dapi.md 5.1). */
export interface ClusterReading {
  /** The file that was read, for messages. */
  readonly file: string;
  /** Where the block stands; undefined when the file has none, and the cluster is off therefore. */
  readonly block: SourcePosition | undefined;
  readonly values: ClusterValues;
  /** Where each value that is not a default stands. */
  readonly positions: Readonly<Partial<Record<ClusterSetting, SourcePosition>>>;
  /** Which values the environment or the command line gave, and how: these stand over the file's. */
  readonly overridden: Readonly<Partial<Record<ClusterSetting, string>>>;
  /** Mistakes of the read phase (dapi.md 5.2), in their order. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}
