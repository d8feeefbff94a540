import type { ByteLink } from "../../protocol/ByteLink.js";

/** The part of a byte stream that a wazuh-db client or server needs. */
export type WdbLink = Pick<ByteLink, "write" | "pause" | "resume" | "destroy">;

/** What a link's owner hears. */
export interface WdbLinkEvents {
  received(bytes: Uint8Array): void;
  /** Once, and last: the stream is gone. `reason` is absent when the other side ended it in good order. */
  closed(reason?: Error): void;
}

/**
 * Opens a link to a wazuh-db socket. Rejects when nobody listens there, or with the signal's reason.
 */
export type OpenWdbLink = (events: WdbLinkEvents, signal: AbortSignal) => Promise<WdbLink>;
