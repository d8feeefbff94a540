import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Bytes that go through at a time while the rate is bounded. */
const SLICE_BYTES = 1024;

/** A link that tests can cut, freeze or slow down. */
export class TcpProxy {
  readonly port: number;
  /** Bytes per second and direction. */
  rate = Infinity;
  /** Bytes that went through so far, both directions together. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (near) => {
      const far = connect({ host: "127.0.0.1", port: target });
      this.#forward(near, far);
      this.#forward(far, near);
    });
  }

  /** @param target port of 127.0.0.1 that connections go on to */
  static async listen(target: number): Promise<TcpProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, target);
  }

  /** Closes all present connections with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Lets nothing more through the present connections, and closes none: as if a cable was pulled. New ones work. */
  freeze(): void {
    for (const socket of this.#sockets) {
      this.#frozen.add(socket);
      socket.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (bytes: Buffer) => {
      from.pause();
      void this.#pass(bytes, to).then(() => {
        if (!this.#frozen.has(from)) from.resume();
      });
    });
    from.on("error", () => from.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#frozen.delete(from)) to.destroy();
    });
  }

  async #pass(bytes: Buffer, to: Socket): Promise<void> {
    for (let at = 0; at < bytes.length && !to.destroyed && !this.#frozen.has(to);) {
      const slice = Number.isFinite(this.rate) ? bytes.subarray(at, at + SLICE_BYTES) : bytes.subarray(at);
      if (Number.isFinite(this.rate)) await delay((slice.length / this.rate) * 1000);
      if (to.destroyed || this.#frozen.has(to)) return;
      to.write(slice);
      this.bytes += slice.length;
      at += slice.length;
    }
  }
}
