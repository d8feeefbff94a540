import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { AgentStoreSettings } from "../../agents/AgentStoreSettings.js";
import { WdbServerSession } from "../../agents/wazuhDb/WdbServerSession.js";
import { somebodyListens, wdbSocketLink } from "./openWdbSocket.js";

/** Rights of the socket: the owner's and the group's programs (quality.md 2). */
const SOCKET_MODE = 0o660;
const FOLDER_MODE = 0o770;

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
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  await removeLeftSocket(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= settings.servedClients) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    serveClient(socket, run, settings.servedIdleTimeout, () => sockets.delete(socket));
  });
  await listen(server, path);
  await chmod(path, SOCKET_MODE);
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

/** A socket that a killed process left behind goes; one that is served stays, and so does anything else. */
async function removeLeftSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket; move it away to serve the agent store`);
  if (await somebodyListens(path)) {
    throw new Error(
      `Another program serves ${path} already (wazuh-db, or another node); stop it, or start without --serve-wdb`,
    );
  }
  await unlink(path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`The agent store can't be served on ${path}: ${cause.message}`, { cause })),
    );
    server.listen(path, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
