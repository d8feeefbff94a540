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
/** Clients that wait to be accepted. */
const LOCAL_BACKLOG = 1_024;

export interface LocalServerOptions extends Pick<LocalConnectionOptions, "dialect" | "clock" | "random" | "limits" | "timeoutClusterRequest"> {
  readonly root: string;
  readonly onConnected: (clientId: string) => void;
  readonly onRequest: (client: LocalConnection, request: IncomingRequest) => void | Promise<void>;
  readonly onClosed: (clientId: string, reason: string) => void;
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

  /**
   * Serves the socket; one that another life of the node left is replaced.
   *
   * @throws MusterError 1000 when a node runs in this root already, or when the socket can't be made
   */
  async start(): Promise<void> {
    const path = localSocketPath(this.#options.root);
    await refuseSecondNode(this.#options.root);
    await rm(path, { force: true });
    const server = createServer((socket) => {
      this.#accept(new SocketLink(socket));
    });
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error): void => {
        reject(MusterError.internal(1000, `the local socket ${path} can't be made: ${error.message}`, { cause: error }));
      };
      server.once("error", refused);
      server.listen({ path, backlog: LOCAL_BACKLOG }, () => {
        server.off("error", refused);
        server.on("error", this.#options.onError);
        resolve();
      });
    });
    this.#server = server;
    await chmod(path, SOCKET_MODE);
  }

  /** A client that is connected. */
  find(clientId: string): LocalConnection | undefined {
    return this.#clients.get(clientId);
  }

  /** Cuts a client off. */
  drop(clientId: string): void {
    this.#clients.get(clientId)?.channel.destroy();
  }

  /** Stops serving and closes all clients; the socket's file goes with it. */
  close(): void {
    this.#server?.close();
    for (const client of [...this.#clients.values()]) client.channel.close();
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
      onClosed: (reason) => {
        this.#clients.delete(id);
        onClosed(id, reason?.message ?? "the client closed the connection");
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

/**
 * Two nodes in one root would remove each other's files.
 *
 * @throws MusterError 1000 when a process serves the root's local socket, or when that can't be told
 */
export async function refuseSecondNode(root: string): Promise<void> {
  const path = localSocketPath(root);
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
    socket.once("error", resolve);
  });
  if (error?.code === "ENOENT" || error?.code === "ECONNREFUSED") return;
  if (error === null) throw MusterError.internal(1000, `${path} is served by another process: a node runs in ${root} already. Stop it first`);
  throw MusterError.internal(1000, `can't tell whether a node runs in ${root} already: ${path}: ${error.message}`, { cause: error });
}
