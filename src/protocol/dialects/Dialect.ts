/** The groups into which a comparison sorts files, in the order in which metadata lists them. */
export type DifferenceGroup = "missing" | "extra" | "shared" | "extra_valid";

/**
 * Everything that differs between the protocol's dialects, as one frozen value. The codec, the
 * archive format, the hash and the machines take it as a parameter; nothing asks for its name.
 */
export interface Dialect {
  /** The dialect's name in settings and logs. */
  readonly id: string;
  /** The version a node sends in `hello` when its settings name none. */
  readonly version: string;
  /** Bytes of one frame, header included, above which a message is divided (protocol.md 1). */
  readonly requestChunk: number;
  /** Longest command name in bytes. */
  readonly longestCommand: number;
  /** The file hash: Node's name of the algorithm, its length in bytes, its key in metadata. */
  readonly fileHash: { readonly algorithm: string; readonly bytes: number; readonly metadataKey: string };
  /** The archive's format. */
  readonly archive: "zip";
  /** The difference groups in the order in which `files_metadata.json` lists them (observed.md, JSON). */
  readonly differenceGroups: readonly DifferenceGroup[];
}
