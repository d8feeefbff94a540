import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { namesOf } from "./LinkTls.js";
import type { ReusedReading } from "./ReusedReading.js";
import type { LinkListener, NodeLink } from "./Network.js";

/** A TCP or Unix socket as a link. */
export class SocketLink implements NodeLink {
  readonly remoteAddress: string;
  /** The names in the peer's certificate; undefined on a link without TLS. */
  readonly peerNames: readonly string[] | undefined;
  readonly #socket: Socket;

  readonly #reading: ReusedReading | undefined;

  /** @param reading how the socket is read, if not by its `data` events */
  constructor(socket: Socket, reading?: ReusedReading) {
    this.#socket = socket;
    this.#reading = reading;
    this.remoteAddress = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "local";
    this.peerNames = socket instanceof TLSSocket ? namesOf(socket.getPeerCertificate()) : undefined;
    socket.setNoDelay(true);
  }

  listen(listener: LinkListener): void {
    const socket = this.#socket;
    let failure: Error | undefined;
    if (this.#reading === undefined) socket.on("data", (bytes: Buffer) => listener.receive(bytes));
    else this.#reading.listen((bytes) => listener.receive(bytes, true));
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
}
