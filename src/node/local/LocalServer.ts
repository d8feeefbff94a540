import { chmod, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { SocketLink } from "../ports/SocketLink.js";
import { LocalConnection, type LocalConnectionOptions } from "./LocalConnection.js";
import { localSocketPath } from "./localSocketPath.js";

const SOCKET_MODE = 0o660;
/** Client ids are random numbers below this (protocol.md 12). */
const CLIENT_IDS = 2 ** 20;

export interface LocalServerOptions extends Pick<LocalConnectionOptions, "dialect" | "clock" | "random" | "limits" | "timeoutClusterRequest"> {
  readonly root: string;
  readonly onConnected: (clientId: string) => void;
  readonly onRequest: (client: LocalConnection, request: IncomingRequest) => void | Promise<void>;
  readonly onClosed: (clientId: string) => void;
  readonly onError: (error: Error) => void;
}

/** The node's local socket: other programs of this machine ask the cluster through it (protocol.md 12). */
export class LocalServer {
  readonly #options: LocalServerOptions;
  readonly #clients = new Map<string, LocalConnection>();
  #server: Server | undefined;

  constructor(options: LocalServerOptions) {
    this.#options = options;
  }

  /** @throws MusterError 1000 when the socket can't be made; a socket that another life of the node left is replaced */
  async start(): Promise<void> {
    const path = localSocketPath(this.#options.root);
    if (await isServed(path)) {
      throw MusterError.internal(1000, `${path} is served by another process: a node runs in this root already. Stop it first`);
    }
    await rm(path, { force: true });
    const server = createServer((socket) => {
      this.#accept(new SocketLink(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => {
        reject(MusterError.internal(1000, `the local socket ${path} can't be made: ${error.message}`, { cause: error }));
      });
      server.listen(path, resolve);
    });
    server.on("error", this.#options.onError);
    await chmod(path, SOCKET_MODE);
    this.#server = server;
  }

  /** A client that is connected. */
  find(clientId: string): LocalConnection | undefined {
    return this.#clients.get(clientId);
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Stops serving and closes all clients. */
  close(): void {
    this.#server?.close();
    for (const client of this.#clients.values()) client.channel.close();
  }

  #accept(link: SocketLink): void {
    const { onConnected, onRequest, onClosed } = this.#options;
    const id = this.#freeId();
    const client: LocalConnection = new LocalConnection({
      ...this.#options,
      id,
      link,
      isClient: false,
      onRequest: (request) => onRequest(client, request),
      onClosed: () => {
        this.#clients.delete(id);
        onClosed(id);
      },
    });
    this.#clients.set(id, client);
    onConnected(id);
  }

  #freeId(): string {
    for (;;) {
      const id = String(this.#options.random.uint32() % CLIENT_IDS);
      if (!this.#clients.has(id)) return id;
    }
  }
}

/** Does a process answer on this socket? */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
