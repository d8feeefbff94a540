import type { ByteLink } from "../../protocol/ByteLink.js";
import type { LinkTls } from "./LinkTls.js";

/** What a link's owner (its channel) hears of it. */
export interface LinkListener {
  /** @param isReused the bytes are valid during the call only */
  receive(bytes: Uint8Array, isReused?: boolean): void;
  drained(): void;
  linkClosed(error?: Error): void;
}

/** A link that tells its owner what happens to it. */
export interface NodeLink extends ByteLink {
  /** Tells `listener` of everything that happens from here on. Called once. */
  listen(listener: LinkListener): void;
  /** The names in the peer's certificate; undefined on a link without TLS. */
  readonly peerNames: readonly string[] | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; those that are open stay. */
  close(): void;
}

/** A listener's side of TLS. */
export interface ListenTls {
  readonly certificates: LinkTls;
  /** Milliseconds in which a peer must have finished its handshake. */
  readonly handshakeTimeout: number;
  /** Peers in the middle of it: the oldest one is dropped beyond. */
  readonly limits: { readonly ungreetedPerAddress: number; readonly ungreetedConnections: number };
  /** A handshake failed. */
  readonly onFailure: (address: string, error: Error) => void;
}

/** The way to other nodes: TCP in a node, links in memory in a simulation. */
export interface Network {
  /** Listens for peers. Rejects with what the user can do when the address can't be used; `onError`: it can't any more. */
  listen(address: Address, onLink: (link: NodeLink) => void, onError: (error: Error) => void, tls?: ListenTls): Promise<Listener>;
  /** Opens a connection. Rejects with a text that names the address, or with the signal's reason. */
  connect(address: Address, signal: AbortSignal, tls?: LinkTls): Promise<NodeLink>;
}
