import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { RECORDED_CLUSTER_KEY } from "./recordings.js";
import { ReplayInbox } from "./replayInbox.js";
import { ReplayWire } from "./replayWire.js";
import { waitUntil } from "./waitUntil.js";

const CONNECT_TIMEOUT = 10_000;

/** Connects to a live master as soon as it listens. */
export async function connectToMaster(port: number): Promise<ReplayWire> {
  const socket = await waitUntil(() => connected(port), CONNECT_TIMEOUT, `a master on port ${port}`);
  return new ReplayWire(socket, RECORDED_CLUSTER_KEY);
}

/** A port at which live workers find the replayed master. */
export class ReplayListener {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #links = new ReplayInbox<ReplayWire>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.#sockets.push(socket);
      this.#links.put(new ReplayWire(socket, RECORDED_CLUSTER_KEY));
    });
  }

  /** @param port any free one by default */
  static async open(port = 0): Promise<ReplayListener> {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new ReplayListener(server);
  }

  /** The next worker that connects, or has done so. */
  accept(): Promise<ReplayWire> {
    return this.#links.next(CONNECT_TIMEOUT, "a worker's connection");
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
