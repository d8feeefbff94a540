import { join } from "node:path";
import { MusterError } from "../../protocol/errors/MusterError.js";

/** The node's local socket, relative to its root (protocol.md 12). */
const LOCAL_SOCKET = "queue/cluster/c-internal.sock";
/** Longest path of a Unix socket on Linux, in bytes. */
const LONGEST_SOCKET_PATH = 107;

/**
 * The path of a node's local socket.
 *
 * @throws MusterError 1000 for a root so long that no Unix socket can live there
 */
export function localSocketPath(root: string): string {
  const path = join(root, LOCAL_SOCKET);
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  throw MusterError.internal(1000, `${path} is longer than the ${String(LONGEST_SOCKET_PATH)} bytes that a Unix socket's path may have. Choose a shorter root`);
}
