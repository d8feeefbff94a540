import { createServer, type Socket } from "node:net";
import type { AgentStoreSettings } from "../../agents/AgentStoreSettings.js";
import { WdbServerSession } from "../../agents/wazuhDb/WdbServerSession.js";
import { listenOnSocket } from "./listenOnSocket.js";
import { wdbSocketLink } from "./openWdbSocket.js";

export interface ServedWdb {
  /** Cuts the clients off and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves the embedded store on `queue/db/wdb` for other programs of this host (dapi.md 6.1). Beyond
 * `servedClients`, and after `servedIdleTimeout` of silence, a client is cut off.
 * @throws Error when another program serves there already, or the socket can't be made.
 */
export async function serveWdb(
  path: string,
  run: (command: string, signal: AbortSignal) => Promise<string>,
  settings: AgentStoreSettings,
): Promise<ServedWdb> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= settings.servedClients) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    serveClient(socket, run, settings.servedIdleTimeout, () => sockets.delete(socket));
  });
  await listenOnSocket(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serveClient(
  socket: Socket,
  run: (command: string, signal: AbortSignal) => Promise<string>,
  idleTimeout: number,
  left: () => void,
): void {
  const link = wdbSocketLink(socket, {
    received: (bytes) => session.received(bytes),
    closed: () => {
      session.closed();
      left();
    },
  });
  const session = new WdbServerSession(link, run);
  socket.on("drain", () => session.drained());
  socket.setTimeout(idleTimeout);
  socket.on("timeout", () => {
    if (session.isRunning) socket.setTimeout(idleTimeout);
    else socket.destroy();
  });
}
