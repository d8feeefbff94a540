import { createConnection, type Socket } from "node:net";
import type { OpenWdbLink, WdbLink, WdbLinkEvents } from "../../agents/wazuhDb/WdbLink.js";

/** Opens links to the Unix socket at `path`. */
export function openWdbSocket(path: string): OpenWdbLink {
  return (events, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = createConnection({ path });
      const give = (error: Error): void => {
        signal.removeEventListener("abort", abort);
        socket.destroy();
        reject(error);
      };
      const abort = (): void => give(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", give);
      socket.once("connect", () => {
        signal.removeEventListener("abort", abort);
        socket.off("error", give);
        resolve(wdbSocketLink(socket, events));
      });
    });
}

/** An open socket as a link; its events go to `events`. */
export function wdbSocketLink(socket: Socket, events: WdbLinkEvents): WdbLink {
  let failure: Error | undefined;
  socket.on("data", (bytes: Buffer) => events.received(bytes));
  socket.on("error", (error) => (failure = error));
  socket.on("end", () => socket.destroy());
  socket.on("close", () => events.closed(failure));
  return {
    write: (bytes) => socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

/**
 * Whether somebody listens on the Unix socket at `path`. Nobody does where there is no socket, or where one was left
 * behind; one that may not be used counts as listening, so that its error is told instead of another store used.
 */
export function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(!NOBODY.has(error.code ?? ""));
    });
  });
}

/** What the system says when there is no socket, no listener, a file that is no socket, or no room for the path. */
const NOBODY: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ECONNREFUSED",
  "ENOTSOCK",
  "EPROTOTYPE",
  "EINVAL",
  "ENAMETOOLONG",
]);
