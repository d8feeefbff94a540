import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { RECORDED_CLUSTER_KEY } from "./recordings.js";
import { ReplayWire } from "./replayWire.js";
import { waitUntil } from "./waitUntil.js";

/** Connects to a live master as soon as it listens. */
export async function connectToMaster(port: number): Promise<ReplayWire> {
  const socket = await waitUntil(() => connected(port), 10_000, `a master on port ${port}`);
  return new ReplayWire(socket, RECORDED_CLUSTER_KEY);
}

/** A port at which live workers find the replayed master. */
export class ReplayListener {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #waiting: ((wire: ReplayWire) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.#sockets.push(socket);
      this.#waiting.shift()?.(new ReplayWire(socket, RECORDED_CLUSTER_KEY));
    });
  }

  /** @param port any free one by default */
  static async open(port = 0): Promise<ReplayListener> {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new ReplayListener(server);
  }

  /** The next worker that connects; to be called before it does. */
  accept(): Promise<ReplayWire> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Stops listening and cuts all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}
