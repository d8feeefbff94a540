import { createConnection, type Socket } from "node:net";
import { lstat } from "node:fs/promises";
import type { DaemonSockets } from "../../dapi/CatalogueFunction.js";
import type { Clock } from "../../protocol/Clock.js";
import { confined, failure } from "./nodeFiles.js";
import { sendUnixDatagram } from "./sendUnixDatagram.js";

/** Largest answer when the asker names no limit, in bytes. */
const LARGEST_ANSWER = 1024 * 1024;

/** Largest request and datagram, in bytes: what daemons take (dapi.md 6.1). */
export const LARGEST_MESSAGE = 65_536;

/** How long a daemon's full queue is waited for, in milliseconds. */
export const DATAGRAM_TIMEOUT = 5_000;

const LENGTH_BYTES = 4;

/** Longest path of a Unix socket on Linux, in bytes without the ending zero. */
const LONGEST_SOCKET_PATH = 107;

/**
 * The sockets of the node's other daemons, below `root` (dapi.md 3.2, 7). Errors have the system's `code`: ENOENT
 * where there is no socket, ECONNREFUSED where nobody listens.
 */
export function daemonSockets(root: string, clock: Clock): DaemonSockets {
  return {
    async sendDatagram(path, message) {
      if (message.length > LARGEST_MESSAGE) {
        throw failure("EMSGSIZE", path, `takes at most ${LARGEST_MESSAGE} bytes, not ${message.length}`);
      }
      await sendUnixDatagram(await socketPath(root, path), message, { clock, timeout: DATAGRAM_TIMEOUT });
    },

    async exchange(path, message, { signal, maxBytes = LARGEST_ANSWER }) {
      signal.throwIfAborted();
      const text = Buffer.from(message, "utf8");
      if (text.length > LARGEST_MESSAGE) {
        throw failure("EMSGSIZE", path, `takes at most ${LARGEST_MESSAGE} bytes, not ${text.length}`);
      }
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(text.length);
      const socket = createConnection({ path: await socketPath(root, path) });
      try {
        return await readAnswer(socket, path, Buffer.concat([length, text]), maxBytes, signal);
      } finally {
        socket.destroy();
      }
    },
  };
}

async function socketPath(root: string, path: string): Promise<string> {
  const real = await confined(root, path);
  if (!(await lstat(real)).isSocket()) throw failure("ENOTSOCK", path, "is not a socket");
  if (Buffer.byteLength(real) > LONGEST_SOCKET_PATH) {
    throw failure("ENAMETOOLONG", path, `has more than ${LONGEST_SOCKET_PATH} bytes with the node's root`);
  }
  return real;
}

/** Sends a request and waits for one answer; rejects at the signal, at a cut connection, and for too long an answer. */
function readAnswer(
  socket: Socket,
  path: string,
  request: Buffer,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let received = 0;
    let expected: number | undefined;
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    // The signal may have fired while the path was looked at.
    if (signal.aborted) abort();
    socket.on("connect", () => socket.write(request));
    socket.on("error", reject);
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      reject(failure("ECONNRESET", path, `closed after ${received} bytes, before its answer was whole`));
    });
    socket.on("data", (bytes: Buffer) => {
      pieces.push(bytes);
      received += bytes.length;
      if (expected === undefined && received >= LENGTH_BYTES) {
        expected = Buffer.concat(pieces).readUInt32LE();
        if (expected > maxBytes) {
          reject(failure("EMSGSIZE", path, `announced an answer of ${expected} bytes; at most ${maxBytes} are taken`));
          socket.destroy();
          return;
        }
      }
      if (expected === undefined || received < LENGTH_BYTES + expected) return;
      resolve(Buffer.concat(pieces).toString("utf8", LENGTH_BYTES, LENGTH_BYTES + expected));
      socket.destroy();
    });
  });
}
