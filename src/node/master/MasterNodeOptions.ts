import type { WorkerStep } from "../../dapi/cluster/WorkerStep.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import type { ClusterKeys } from "../ClusterKeys.js";
import type { NodeTaps } from "../NodeTaps.js";
import type { FolderWatcher } from "../ports/FolderWatcher.js";
import type { MasterServices } from "./MasterServices.js";

/** What a master is made of. */
export type MasterNodeOptions = Omit<MasterServices, "peer" | "findPeer"> & {
  readonly keys: ClusterKeys;
  readonly taps: NodeTaps;
  /** May workers ask for functions that change something? (dialects.md 3.3) */
  readonly workersMayChange: boolean;
  /** Makes the node speak another dialect: changes its scope. Undefined: it stays with the one that is set. */
  readonly speak?: ((dialect: Dialect) => void) | undefined;
  /** How changes of the files are heard of between two passes; undefined: not at all. */
  readonly watchFolder?: FolderWatcher | undefined;
  /** Whether workers are in step, as the node's watch has it. */
  readonly steps: () => readonly WorkerStep[];
};
