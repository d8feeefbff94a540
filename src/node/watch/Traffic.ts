import type { ChannelStatistics } from "../../protocol/Channel.js";

/** What went over the connections with one peer since the node's start, and what they hold now. */
export interface PeerTraffic {
  /** Name of the worker, `master` on a worker; empty before the hello. */
  readonly peer: string;
  bytesIn: number;
  bytesOut: number;
  framesIn: number;
  framesOut: number;
  filesIn: number;
  filesOut: number;
  fileBytesIn: number;
  fileBytesOut: number;
  /** Bytes that wait to be sent, bytes received that are in hand, requests without an answer. */
  queuedBytes: number;
  heldBytes: number;
  outstanding: number;
}

/** Files that one connection moved. */
export interface TransferFigures {
  filesIn: number;
  filesOut: number;
  fileBytesIn: number;
  fileBytesOut: number;
}

/** A connection as it is counted. */
export interface CountedConnection {
  readonly transfers: Readonly<TransferFigures>;
  readonly channel: { readonly statistics: ChannelStatistics };
}

/** Peers whose traffic is counted by name; that of more peers is added up under `other`. */
const COUNTED_PEERS = 1_024;
const OTHER = "other";

/** Adds up connections when they end and reads the open ones when it is asked: nothing is counted twice, nothing on the way. */
export class Traffic {
  readonly #open = new Map<string, CountedConnection>();
  readonly #ended = new Map<string, PeerTraffic>();
  readonly #nameOf: (id: string) => string;

  /** @param nameOf the name of the peer behind an open connection; empty before its hello */
  constructor(nameOf: (id: string) => string) {
    this.#nameOf = nameOf;
  }

  begin(id: string, connection: CountedConnection): void {
    this.#open.set(id, connection);
  }

  /** Call it while `nameOf` still knows the connection. */
  end(id: string): void {
    const connection = this.#open.get(id);
    if (connection === undefined) return;
    this.#open.delete(id);
    add(this.#entry(this.#ended, this.#nameOf(id)), connection, false);
  }

  read(): readonly PeerTraffic[] {
    const sums = new Map([...this.#ended].map(([peer, traffic]) => [peer, { ...traffic }]));
    for (const [id, connection] of this.#open) add(this.#entry(sums, this.#nameOf(id)), connection, true);
    return [...sums.values()];
  }

  #entry(sums: Map<string, PeerTraffic>, name: string): PeerTraffic {
    const peer = sums.has(name) || sums.size < COUNTED_PEERS ? name : OTHER;
    const entry = sums.get(peer) ?? { ...NONE, peer };
    sums.set(peer, entry);
    return entry;
  }
}

const NONE = {
  bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, filesIn: 0, filesOut: 0, fileBytesIn: 0, fileBytesOut: 0, queuedBytes: 0, heldBytes: 0, outstanding: 0,
};

function add(sum: PeerTraffic, { channel, transfers }: CountedConnection, isOpen: boolean): void {
  const { bytesIn, bytesOut, framesIn, framesOut, queuedBytes, heldBytes, outstanding } = channel.statistics;
  sum.bytesIn += bytesIn;
  sum.bytesOut += bytesOut;
  sum.framesIn += framesIn;
  sum.framesOut += framesOut;
  sum.filesIn += transfers.filesIn;
  sum.filesOut += transfers.filesOut;
  sum.fileBytesIn += transfers.fileBytesIn;
  sum.fileBytesOut += transfers.fileBytesOut;
  if (!isOpen) return;
  sum.queuedBytes += queuedBytes;
  sum.heldBytes += heldBytes;
  sum.outstanding += outstanding;
}
