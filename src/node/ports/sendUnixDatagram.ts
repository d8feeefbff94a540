import { DgramSocket } from "node-unix-socket";
import type { Clock } from "../../protocol/Clock.js";

/** The system's codes by its sentences: the addon keeps only these. */
const CODES: ReadonlyMap<string, string> = new Map([
  ["No such file or directory", "ENOENT"],
  ["Connection refused", "ECONNREFUSED"],
  ["Permission denied", "EACCES"],
  ["Protocol wrong type for socket", "EPROTOTYPE"],
  ["Message too long", "EMSGSIZE"],
  ["No buffer space available", "ENOBUFS"],
]);

/**
 * Sends one datagram to a Unix socket. Node itself has none of these; a small addon with prebuilt binaries does.
 *
 * @param path absolute
 * @throws an error with `code`; EAGAIN when the receiver's queue stays full for `timeout` milliseconds
 */
export function sendUnixDatagram(
  path: string,
  message: Uint8Array,
  { clock, timeout }: { readonly clock: Clock; readonly timeout: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new DgramSocket();
    const timer = clock.setTimeout(() => {
      end(Object.assign(new Error(`EAGAIN: ${path} took nothing for ${timeout} ms`), { code: "EAGAIN" }));
    }, timeout);
    let ended = false;
    const end = (error?: unknown): void => {
      if (ended) return;
      ended = true;
      clock.clearTimeout(timer);
      socket.close();
      if (error === undefined) resolve();
      else reject(withCode(error));
    };
    socket.on("error", end);
    try {
      const bytes = Buffer.from(message);
      // The addon reports a success with null or undefined.
      socket.sendTo(bytes, 0, bytes.length, path, (error?: Error | null) => end(error ?? undefined));
    } catch (error) {
      end(error);
    }
  });
}

function withCode(error: unknown): Error {
  if (error instanceof Error && "code" in error && error.code === "EAGAIN") return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = CODES.get(text) ?? "EIO";
  return Object.assign(new Error(`${code}: ${text}`, { cause: error }), { code });
}
