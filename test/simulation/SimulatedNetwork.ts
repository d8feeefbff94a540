import type { Address, LinkListener, Network, NodeLink } from "../../src/node/ports/Network.js";
import type { Life, SimulatedTime } from "./SimulatedTime.js";

/** Bytes under way or unread from which a link is congested. */
const CAPACITY = 32 * 1024;

export interface NetworkOptions {
  readonly time: SimulatedTime;
  /** Milliseconds that the next packet is under way. */
  readonly latency: () => number;
  /** How many of the bytes (at least 1) the next read gives. */
  readonly cut: (available: number) => number;
}

/** One end of a connection. */
class End implements NodeLink {
  readonly peerNames = undefined;
  peer: End | undefined;
  listener: LinkListener | undefined;
  state: "open" | "ended" | "closed" = "open";
  isPaused = false;
  readonly unread: Buffer[] = [];
  /** The peer has sent its last byte, in order or by a reset. */
  fin: { readonly error: Error | undefined } | undefined;
  /** Bytes that this end wrote and the peer has not read. */
  inFlight = 0;
  wantsDrain = false;
  /** When what was written last arrives at the peer. */
  lastArrival = 0;
  #pumping = false;

  constructor(
    readonly connection: Connected,
    readonly life: Life,
    readonly remoteAddress: string,
    readonly options: NetworkOptions,
  ) {}

  listen(listener: LinkListener): void {
    this.listener = listener;
    this.pump();
  }

  write(bytes: Uint8Array, onTaken?: () => void): boolean {
    const copy = Buffer.from(bytes);
    onTaken?.();
    if (this.state !== "open" || this.peer === undefined) return false;
    this.inFlight += copy.length;
    this.#send(copy.length, (peer) => {
      if (peer.state !== "closed") peer.unread.push(copy);
      peer.pump();
    });
    this.wantsDrain = this.inFlight >= CAPACITY;
    return !this.wantsDrain;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.pump();
  }

  end(): void {
    if (this.state !== "open") return;
    this.state = "ended";
    this.#finish(undefined);
  }

  destroy(): void {
    if (this.state === "closed") return;
    const wasOpen = this.state === "open";
    this.#close(undefined);
    if (wasOpen) this.#finish(undefined);
  }

  /** The link breaks here, as by a reset. */
  reset(error: Error): void {
    if (this.state !== "closed") this.#close(error);
  }

  /** The process is gone: its kernel closes what it had open. */
  orphan(): void {
    this.state = "closed";
    this.#finish(reset());
  }

  /** Gives the owner what has arrived, one read at a time. */
  pump(): void {
    if (this.#pumping || this.listener === undefined || this.state === "closed") return;
    if (this.isPaused || (this.unread.length === 0 && this.fin === undefined)) return;
    this.#pumping = true;
    this.options.time.after(0, this.life, () => {
      this.#pumping = false;
      if (this.state === "closed" || this.isPaused) return;
      if (this.unread.length > 0) this.#read();
      else if (this.fin !== undefined) this.#ended(this.fin.error);
      this.pump();
    });
  }

  #read(): void {
    const available = this.unread.length === 1 ? (this.unread[0] as Buffer) : Buffer.concat(this.unread);
    const length = Math.min(available.length, Math.max(1, this.options.cut(available.length)));
    this.unread.length = 0;
    if (length < available.length) this.unread.push(available.subarray(length));
    const { peer } = this;
    if (peer !== undefined) {
      peer.inFlight -= length;
      if (peer.wantsDrain && peer.inFlight < CAPACITY) {
        peer.wantsDrain = false;
        this.options.time.after(this.options.latency(), peer.life, () => peer.listener?.drained());
      }
    }
    this.listener?.receive(available.subarray(0, length));
  }

  /** The peer's end came: without half-open connections this end is over, too. */
  #ended(error: Error | undefined): void {
    if (this.state === "open") this.#finish(undefined);
    this.#close(error);
  }

  #close(error: Error | undefined): void {
    this.state = "closed";
    this.unread.length = 0;
    this.options.time.after(0, this.life, () => this.listener?.linkClosed(error));
  }

  #finish(error: Error | undefined): void {
    this.#send(0, (peer) => {
      peer.fin ??= { error };
      if (peer.state === "ended") peer.#close(error);
      else peer.pump();
    });
  }

  #send(bytes: number, arrive: (peer: End) => void): void {
    const { time, latency } = this.options;
    const { connection, peer } = this;
    if (peer === undefined || connection.isSilent) return;
    const start = Math.max(this.lastArrival, time.now + latency(), connection.stalledUntil);
    this.lastArrival = start + (bytes / connection.bytesPerSecond) * 1000;
    time.after(this.lastArrival - time.now, undefined, () => {
      if (!connection.isSilent) arrive(peer);
    });
  }
}

/** A connection between two processes, and what is wrong with it. */
class Connected {
  /** Nothing arrives any more, and nobody is told: a cable was pulled. */
  isSilent = false;
  stalledUntil = 0;
  bytesPerSecond = Infinity;
  readonly ends: readonly [End, End];

  constructor(options: NetworkOptions, from: Life, to: Life) {
    const near = new End(this, from, to.node, options);
    const far = new End(this, to, from.node, options);
    near.peer = far;
    far.peer = near;
    this.ends = [near, far];
  }

  get isOpen(): boolean {
    return this.ends.some(({ state }) => state !== "closed");
  }

  /** Both ends hear of a reset. */
  break(): void {
    for (const end of this.ends) end.reset(reset());
  }

  joins(node: string): boolean {
    return this.ends.some(({ life }) => life.node === node);
  }
}

interface Listening {
  readonly life: Life;
  readonly onLink: (link: NodeLink) => void;
}

/** Links in memory between the lives of nodes. */
export class SimulatedNetwork {
  /** Nobody can connect. */
  isUnreachable = false;
  readonly #options: NetworkOptions;
  readonly #listening = new Map<number, Listening>();
  readonly #connections = new Set<Connected>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Connections with an end that is not closed, the oldest first. */
  get open(): readonly Connected[] {
    for (const connection of this.#connections) if (!connection.isOpen) this.#connections.delete(connection);
    return [...this.#connections];
  }

  /** The network as one process sees it. */
  of(life: Life): Network {
    const { time, latency } = this.#options;
    return {
      listen: ({ port }, onLink) =>
        new Promise((resolve, reject) => {
          time.after(1, life, () => {
            if (this.#listening.get(port)?.life.isAlive === true) return reject(new Error(`the port ${String(port)} is in use`));
            this.#listening.set(port, { life, onLink });
            resolve({ port, close: () => void (this.#listening.get(port)?.life === life && this.#listening.delete(port)) });
          });
        }),
      connect: (address, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          time.after(2 * latency(), life, () => {
            if (signal.aborted || this.isUnreachable) return;
            const link = this.#connect(life, address);
            if (link === undefined) reject(new Error(`can't reach ${address.host}:${String(address.port)} (ECONNREFUSED)`));
            else resolve(link);
          });
        }),
    };
  }

  /** The kernel closes what a process had open; `silently`: the whole machine is gone, nobody is told. */
  processEnded(life: Life, silently: boolean): void {
    for (const connection of this.open) {
      if (silently && connection.joins(life.node)) connection.isSilent = true;
      for (const end of connection.ends) if (end.life === life) end.orphan();
    }
  }

  #connect(life: Life, { port }: Address): NodeLink | undefined {
    const listening = this.#listening.get(port);
    if (listening?.life.isAlive !== true) return undefined;
    const connection = new Connected(this.#options, life, listening.life);
    this.#connections.add(connection);
    const [near, far] = connection.ends;
    this.#options.time.after(0, listening.life, () => {
      if (this.#listening.get(port) === listening) listening.onLink(far);
      else far.destroy();
    });
    return near;
  }
}

function reset(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
