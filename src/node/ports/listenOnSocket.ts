import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { somebodyListens } from "./openWdbSocket.js";

/** Rights of the socket: the owner's and the group's programs (quality.md 2). */
const SOCKET_MODE = 0o660;
const FOLDER_MODE = 0o770;

/**
 * Has a server of the embedded agent store listen on a Unix socket, whose folder is made as needed.
 *
 * @throws Error when another program serves there already, or the socket can't be made.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  await removeLeftSocket(path);
  await listen(server, path);
  await chmod(path, SOCKET_MODE);
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
