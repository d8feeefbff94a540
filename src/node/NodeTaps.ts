import type { MessageNotice } from "../protocol/ChannelOptions.js";

/** How far a file's transfer is. */
export interface TransferNotice {
  readonly direction: "in" | "out";
  /** Relative to the root of the side that writes. */
  readonly path: string;
  /** Written here, or confirmed by the peer. */
  readonly bytes: number;
  /** Null while only the sender knows, or nobody watched when it began. */
  readonly total: number | null;
  readonly state: "running" | "done" | "failed";
}

/**
 * Where those who watch a node listen to what no machine sees: messages, and the bytes of transfers.
 * While nobody listens, a message costs one look at a field. A listener must not throw.
 */
export class NodeTaps {
  onMessage: ((connectionId: string, notice: MessageNotice) => void) | undefined;
  onTransfer: ((connectionId: string, notice: TransferNotice) => void) | undefined;
}
