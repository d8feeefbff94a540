import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { namesOf } from "./LinkTls.js";
import type { ReusedReading } from "./ReusedReading.js";
import type { LinkListener, NodeLink } from "./Network.js";

/**
 * Bytes of small frames that are handed over together, on a Unix socket and on a TCP one. Some peers misread a frame
 * whose body comes in another read than its header (observed.md, framing): on TCP a batch is no longer than the
 * smallest segment that networks carry, so that it arrives in one read just as a single small frame does.
 */
const UNIX_BATCH_BYTES = 16 * 1024;
const TCP_BATCH_BYTES = 1_200;

/** A TCP or Unix socket as a link. Small frames of the same turn of the event loop go out in one write. */
export class SocketLink implements NodeLink {
  readonly remoteAddress: string;
  /** The names in the peer's certificate; undefined on a link without TLS. */
  readonly peerNames: readonly string[] | undefined;
  readonly #socket: Socket;
  readonly #batchBytes: number;
  readonly #reading: ReusedReading | undefined;
  /** Bytes that wait for the end of the turn. */
  #batched = 0;

  /** @param reading how the socket is read, if not by its `data` events */
  constructor(socket: Socket, reading?: ReusedReading) {
    this.#socket = socket;
    this.#reading = reading;
    this.remoteAddress = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "local";
    this.#batchBytes = socket.remoteAddress === undefined ? UNIX_BATCH_BYTES : TCP_BATCH_BYTES;
    this.peerNames = socket instanceof TLSSocket ? namesOf(socket.getPeerCertificate()) : undefined;
    socket.setNoDelay(true);
  }

  listen(listener: LinkListener): void {
    const socket = this.#socket;
    let failure: Error | undefined;
    if (this.#reading === undefined) socket.on("data", (bytes: Buffer) => listener.receive(bytes));
    else this.#reading.listen(socket, (bytes) => listener.receive(bytes, true));
    socket.on("drain", () => {
      listener.drained();
    });
    socket.on("error", (error: Error) => {
      failure = error;
    });
    socket.on("close", () => {
      listener.linkClosed(failure);
    });
  }

  write(bytes: Uint8Array, onTaken?: () => void): boolean {
    if (this.#batched + bytes.length > this.#batchBytes) this.#flush();
    if (bytes.length < this.#batchBytes) {
      if (this.#batched === 0) {
        this.#socket.cork();
        setImmediate(this.#flush);
      }
      this.#batched += bytes.length;
    }
    return this.#socket.write(bytes, onTaken);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #flush = (): void => {
    if (this.#batched === 0) return;
    this.#batched = 0;
    this.#socket.uncork();
  };
}
