import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { UngreetedPeers } from "../UngreetedPeers.js";
import type { Address, Listener, ListenTls } from "./Network.js";
import { SocketLink } from "./SocketLink.js";

/** Connections that may wait to be accepted. */
const BACKLOG = 1024;

/**
 * Listens for peers, with mutual TLS if it is asked for.
 *
 * @throws MusterError 1000 that says which address can't be used, why, and what to do.
 */
export function listenTcp(address: Address, onLink: (link: SocketLink) => void, onError: (error: Error) => void, tls?: ListenTls): Promise<Listener> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const take = (socket: Socket): void => {
      onLink(new SocketLink(socket));
    };
    const server: Server = tls === undefined ? createServer({ allowHalfOpen: false }, take) : serveTls(tls, take);
    const refused = (error: NodeJS.ErrnoException): void => {
      reject(MusterError.internal(1000, `can't listen on ${host}:${String(port)}: ${reasonOf(error)}`, { cause: error }));
    };
    server.once("error", refused);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", refused);
      server.on("error", onError);
      const bound = server.address();
      resolve({
        port: typeof bound === "object" && bound !== null ? bound.port : port,
        close: () => {
          server.close();
        },
      });
    });
  });
}

function serveTls({ certificates, handshakeTimeout, limits, onFailure }: ListenTls, take: (socket: Socket) => void): Server {
  const server = createTlsServer({ ...certificates.material, requestCert: true, rejectUnauthorized: true, handshakeTimeout }, take);
  const unwatch = certificates.watch((material) => {
    server.setSecureContext(material);
  });
  server.once("close", unwatch);
  // Before its handshake a peer is no link yet, so that nobody else bounds how many there are.
  const shaking = new UngreetedPeers(limits);
  const sockets = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ""} ${String(remotePort)}`;
  const forget = (id: string): void => {
    shaking.remove(id);
    sockets.delete(id);
  };
  server.on("connection", (socket: Socket) => {
    const id = nameOf(socket);
    const victim = shaking.add(id, socket.remoteAddress ?? "");
    if (victim !== undefined) {
      sockets.get(victim)?.destroy();
      sockets.delete(victim);
    }
    sockets.set(id, socket);
    socket.once("close", () => {
      if (sockets.get(id) === socket) forget(id);
    });
  });
  server.on("secureConnection", (socket) => {
    forget(nameOf(socket));
  });
  server.on("tlsClientError", (error, socket) => {
    onFailure(socket.remoteAddress?.replace(/^::ffff:/, "") ?? "an unknown address", error);
    socket.destroy();
  });
  return server;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "the port is in use. Stop the program that holds it, or set another <port> in etc/ossec.conf";
    case "EACCES":
      return "permission denied. Choose a <port> above 1024 in etc/ossec.conf";
    case "EADDRNOTAVAIL":
      return "this machine has no such address. Check <bind_addr> in etc/ossec.conf";
    default:
      return error.message;
  }
}
