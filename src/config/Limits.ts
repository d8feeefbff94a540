/** Every bound that a peer, a file or a queue can meet. Named in docs/limits.md, set in muster.yaml. */
export interface Limits {
  /** Seconds in which a new TCP peer must have said `hello`. */
  readonly helloTimeout: number;
  /** Largest frame body in bytes before a successful `hello`. */
  readonly frameBytesBeforeHello: number;
  /** Largest frame body in bytes after it. */
  readonly frameBytes: number;
  /** Largest joined (divided) message in bytes. */
  readonly messageBytes: number;
  /** Divided messages that one peer may have open at once. */
  readonly dividedMessages: number;
  /** Connections without a hello: per address, and in all. The oldest is dropped beyond. */
  readonly ungreetedPerAddress: number;
  readonly ungreetedConnections: number;
  /** Files and strings that one peer may have open at once. */
  readonly openFiles: number;
  readonly openStrings: number;
  /** Largest string, and sum of a peer's strings, in bytes. */
  readonly stringBytes: number;
  /** Largest transferred file in bytes. */
  readonly transferBytes: number;
  /** Clear bytes of one `file_upd` or `str_upd` that muster sends. */
  readonly transferChunkBytes: number;
  /** Archive: entries, bytes of one entry, bytes in all, counted while unpacking. */
  readonly archiveEntries: number;
  readonly archiveEntryBytes: number;
  readonly archiveBytes: number;
  /** Payloads above this many bytes are encrypted and decrypted on the pool. */
  readonly inlineCryptoBytes: number;
  /** Distributed requests that are worked on at a time, and that may wait besides. */
  readonly requestsAtOnce: number;
  readonly requestsWaiting: number;
  /** Of those, at most so many wait for the answer of one node. */
  readonly requestsPerNode: number;
  /** Messages of other nodes to this node's daemons: in work at a time, and waiting besides. */
  readonly messagesAtOnce: number;
  readonly messagesWaiting: number;
  /** Clients of the local socket at once. */
  readonly localClients: number;
}

/** The defaults; quality.md 2 gives the numbers that peers can see. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  helloTimeout: 10,
  frameBytesBeforeHello: 64 * 1024,
  frameBytes: 10 * 1024 * 1024,
  messageBytes: 256 * 1024 * 1024,
  dividedMessages: 10,
  ungreetedPerAddress: 128,
  ungreetedConnections: 1024,
  openFiles: 16,
  openStrings: 16,
  stringBytes: 256 * 1024 * 1024,
  transferBytes: 4 * 1024 * 1024 * 1024,
  transferChunkBytes: 1024 * 1024,
  archiveEntries: 1_000_000,
  archiveEntryBytes: 2 * 1024 * 1024 * 1024,
  archiveBytes: 4 * 1024 * 1024 * 1024,
  inlineCryptoBytes: 64 * 1024,
  requestsAtOnce: 512,
  requestsWaiting: 1024,
  requestsPerNode: 256,
  messagesAtOnce: 16,
  messagesWaiting: 256,
  localClients: 1024,
});
