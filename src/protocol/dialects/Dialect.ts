/** The groups into which a comparison sorts files, in the order in which metadata lists them. */
export type DifferenceGroup = "missing" | "extra" | "shared" | "extra_valid";

/** What differs in the synchronisation processes; the machines take it as a part of their input. */
export interface ProcessRules {
  /**
   * When a worker may begin an integrity round: whenever none of its rounds runs, or besides only once for
   * each pass over the master's own files (dialects.md 1.4).
   */
  readonly integrityPermission: "whenFree" | "oncePerIndex";
  /**
   * Where the agents' groups travel: as files that a worker offers to the master (`extraValidSync`), or out of
   * the master's agent store to every worker (`agentGroupsSend`; dialects.md 1.6, 1.8).
   */
  readonly agentGroups: "files" | "store";
}

/**
 * Everything that differs between the protocol's dialects, as one frozen value. The codec, the
 * archive format, the hash and the machines take it as a parameter; nothing asks for its name. Plain
 * data: it travels to pool threads.
 */
export interface Dialect {
  /** The dialect's name in settings and logs. */
  readonly id: string;
  /** The version that this node sends in `hello`, and that its peers must send. */
  readonly version: string;
  /** The versions whose nodes speak this dialect: a pattern. */
  readonly versions: string;
  /** Names that a worker may have: a pattern. */
  readonly nodeNames: string;
  /** Bytes from which on a message is divided, and those of each of its frames but the last (protocol.md 1). */
  readonly requestChunk: number;
  /** What must not exceed `requestChunk` in a message of one frame: the frame, or its clear payload. */
  readonly divides: "frame" | "payload";
  /** Longest command name in bytes. */
  readonly longestCommand: number;
  /** Whether cluster errors carry `ids`: a peer that expects none fails at them (dialects.md 1.9). */
  readonly clusterErrorIds: boolean;
  /** The file hash: Node's name of the algorithm, its length in bytes, its key in metadata. */
  readonly fileHash: { readonly algorithm: string; readonly bytes: number; readonly metadataKey: string };
  /** The archive's format. */
  readonly archive: "zip" | "zlib";
  /** The random part of an archive's name. */
  readonly archiveName: "digits" | "hex";
  /** Whether who receives a file can tell its sender to stop (`cancel_task`), and the sender's archives adapt. */
  readonly cancelsTransfers: boolean;
  /** The difference groups in the order in which `files_metadata.json` lists them (observed.md, JSON). */
  readonly differenceGroups: readonly DifferenceGroup[];
  readonly rules: ProcessRules;
  /** What a worker tells of its agents: the store's chunks as texts, or three lists (dialects.md 1.7). */
  readonly agentInfo: "chunks" | "lists";
  /** Whether a worker removes what agents left behind that a new `client.keys` no longer lists. */
  readonly cleansRemovedAgents: boolean;
  /** Whether a worker has analysisd load its rules anew when a round changed them, or a local client asks for it. */
  readonly reloadsRuleset: boolean;
  /** Whether a connection's end empties the worker's folder below `queue/cluster`, on both sides. */
  readonly emptiesTransferFolder: boolean;
  /** The shape of `get_health` (dapi.md 4.2). */
  readonly health: "4.3" | "4.14";
  /** Whether `n_active_agents` counts agent 000, the manager itself (dapi.md 4.2). */
  readonly countsManager: boolean;
  /** Where the defaults of cluster.json differ (dialects.md 1.11). */
  readonly clusterJson: {
    /** The keys of its items. */
    readonly items: readonly string[];
    /** Seconds until a worker offers its agents again after a refusal. */
    readonly syncAgentInfoKoRetry: number;
  };
}
