import type { AgentStore } from "../../agents/AgentStore.js";
import type { NodeConfig } from "../../config/NodeConfig.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import type { Logger } from "../../telemetry/Logger.js";
import type { NodeScope } from "../../../workers/jobs.js";
import type { RulesetReload } from "./RulesetReload.js";
import type { Connection } from "../Connection.js";
import type { FileIndexer } from "../FileIndexer.js";
import type { JobPool } from "../ports/JobPool.js";
import type { LinkTls } from "../ports/LinkTls.js";
import type { Network } from "../ports/Network.js";
import type { NodeDisk } from "../ports/NodeDisk.js";

/** What the work of a worker's machines is done with. */
export interface WorkerServices {
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
  /** Undefined where no analysisd is to be told of new rules. */
  readonly reload?: RulesetReload | undefined;
  /** Certificates of the link; undefined without TLS. */
  readonly tls?: LinkTls | undefined;
  /** The connection to the master; throws when there is none. */
  connection(): Connection;
  /** The same, undefined when there is none. */
  findConnection(): Connection | undefined;
}
