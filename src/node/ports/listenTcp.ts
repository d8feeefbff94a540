import { createServer, type Server } from "node:net";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Address, Listener } from "./Network.js";
import { SocketLink } from "./SocketLink.js";

/** Connections that may wait to be accepted. */
const BACKLOG = 1024;

/**
 * Listens for peers.
 *
 * @throws MusterError 1000 that says which address can't be used, why, and what to do.
 */
export function listenTcp(address: Address, onLink: (link: SocketLink) => void, onError: (error: Error) => void): Promise<Listener> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const server: Server = createServer({ allowHalfOpen: false }, (socket) => {
      onLink(new SocketLink(socket));
    });
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
