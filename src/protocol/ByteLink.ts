/**
 * One open byte stream to a peer, as a channel sees it. TCP and Unix sockets implement it in
 * `src/node/ports`; the simulation implements it in memory.
 */
export interface ByteLink {
  /** The peer's address in a form for logs, for example `127.0.0.1`. */
  readonly remoteAddress: string;
  /**
   * Queues bytes for sending, in one piece. Returns false when the link is congested; the link's
   * owner then calls the channel's `drained()` once there is room again.
   *
   * @param onTaken called once when the link needs the bytes no more, sent or not. Until then they must stay as they are.
   */
  write(bytes: Uint8Array, onTaken?: () => void): boolean;
  /** Stops reading from the peer until `resume()`: backpressure towards the sender. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; what is queued is lost. */
  destroy(): void;
}
