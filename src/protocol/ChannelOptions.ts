import type { Limits } from "../config/Limits.js";
import type { ByteLink } from "./ByteLink.js";
import type { Cipher } from "./Cipher.js";
import type { Clock, RandomSource } from "./Clock.js";
import type { Dialect } from "./dialects/Dialect.js";
import type { MusterError } from "./errors/MusterError.js";
import type { SlabStore } from "./memory/SlabStore.js";

/** A request of the peer, opened. */
export interface IncomingRequest {
  readonly counter: number;
  readonly command: string;
  readonly payload: Buffer;
}

export interface RequestOptions {
  /** Seconds to wait for the answer. @default the channel's `timeoutClusterRequest` */
  readonly timeout?: number | undefined;
  /** Gives the request up; it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A message that a channel sends or has received: what a watcher may know of it. */
export interface MessageNotice {
  readonly direction: "in" | "out";
  readonly kind: "request" | "answer";
  readonly counter: number;
  readonly command: string;
  /** Of the clear payload. */
  readonly bytes: number;
}

export interface ChannelOptions {
  readonly link: ByteLink;
  readonly cipher: Cipher;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: Pick<RandomSource, "uint32">;
  readonly limits: Pick<Limits, "frameBytesBeforeHello" | "frameBytes" | "messageBytes" | "dividedMessages">;
  /** Seconds to wait for an answer (`communication.timeout_cluster_request`). */
  readonly timeoutClusterRequest: number;
  /**
   * Handles a request of the peer and answers it by `answer()`. Called in order of arrival; the
   * next request does not wait for the promise, but the promise holds the request's bytes against
   * `receivedBound`, so it should settle when the payload has been used. What it throws is
   * answered `err` (protocol.md 2) when the request has not been answered yet.
   */
  readonly onRequest: (request: IncomingRequest) => void | Promise<void>;
  /**
   * Who hears of each message, asked for every one, so that it may change; undefined, and the
   * channel makes nothing for it. Must not throw.
   */
  readonly watcher?: () => ((notice: MessageNotice) => void) | undefined;
  /** Called once when the channel is closed; null when either side closed it in order. Must not throw. */
  readonly onClosed: (reason: MusterError | null) => void;
  /**
   * For clients of a local socket, to which the node sends `ok` and `err` as requests (protocol.md
   * 12). Elsewhere an answer that nobody waits for is ignored and counted. @default false
   */
  readonly acceptAnswerCommandsAsRequests?: boolean;
  /** Bytes received and not handled yet above which reading stops. @default 8 MiB */
  readonly receivedBound?: number;
  /** Bytes waiting to be sent above which `writable()` waits. @default 4 MiB */
  readonly queuedBound?: number;
  /** @default every body stays in the memory in which it arrives */
  readonly borrowed?: BorrowedBodies | undefined;
}

/** Counts of one channel since it was made, and what it holds now. */
export interface ChannelStatistics {
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Answers that came after their request had been given up; dropped. */
  readonly lateAnswers: number;
  /** Answers to no request of ours; dropped. */
  readonly unexpectedAnswers: number;
  /** Requests that wait for their answer. */
  readonly outstanding: number;
  /** Bytes of messages that the link has not taken yet. */
  readonly queuedBytes: number;
  /** Bytes of the peer's messages that are not handled, or whose answers are not sent. */
  readonly heldBytes: number;
}

/**
 * Memory in which large bodies of some requests are gathered and opened. What such a request's handler is given is valid
 * until it is done.
 */
export interface BorrowedBodies {
  readonly store: SlabStore;
  /** Bodies of fewer bytes stay where they arrive. */
  readonly leastBytes: number;
  /** Whether the handler of this command keeps nothing of its payload. */
  readonly isBorrowing: (command: string) => boolean;
}

export const DEFAULT_RECEIVED_BOUND = 8 * 1024 * 1024;
export const DEFAULT_QUEUED_BOUND = 4 * 1024 * 1024;
