import type { NodeConfig } from "../../config/NodeConfig.js";
import type { AgentStore } from "../../agents/AgentStore.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import type { Logger } from "../../telemetry/Logger.js";
import type { NodeScope } from "../../../workers/jobs.js";
import type { FileIndexer } from "../FileIndexer.js";
import type { JobPool } from "../ports/JobPool.js";
import type { LinkTls } from "../ports/LinkTls.js";
import type { Network } from "../ports/Network.js";
import type { NodeDisk } from "../ports/NodeDisk.js";
import type { MasterPeer } from "./MasterPeer.js";

/** What the work of a master's machines is done with. */
export interface MasterServices {
  readonly config: NodeConfig;
  readonly scope: NodeScope;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly network: Network;
  readonly disk: NodeDisk;
  readonly pool: JobPool;
  readonly indexer: FileIndexer;
  readonly store: AgentStore;
  readonly logger: Logger;
  /** Certificates of the link; undefined without TLS. */
  readonly tls?: LinkTls | undefined;
  /** The peer of this id; throws when its connection is gone. */
  peer(peerId: string): MasterPeer;
  /** The same, undefined when it is gone. */
  findPeer(peerId: string): MasterPeer | undefined;
}
