import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { LinkTls } from "./LinkTls.js";
import type { Address } from "./Network.js";
import { ReusedReading } from "./ReusedReading.js";
import { SocketLink } from "./SocketLink.js";

/**
 * Opens a TCP connection, with TLS if there are certificates for it. Rejects with a text that names the address, or
 * with the signal's reason.
 */
export function connectTcp(
  address: Address,
  signal: AbortSignal,
  tls?: LinkTls,
): Promise<SocketLink> {
  const { host, port } = address;
  const reading = new ReusedReading();
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connect({ host, port, onread: reading.onread })
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls.connectOptions(host) });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
    };
    const refused = (error: NodeJS.ErrnoException): void => {
      signal.removeEventListener("abort", giveUp);
      reject(new Error(`can't reach ${host}:${String(port)} (${reasonOf(error)})`, { cause: error }));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("error", refused);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.off("error", refused);
      resolve(new SocketLink(socket, tls === undefined ? reading : undefined));
    });
  });
}

/** The system's code; what TLS found wrong with a certificate needs its words. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === undefined || /^(?:ERR_|CERT_|UNABLE_|SELF_|DEPTH_)/.test(error.code) ? error.message : error.code;
}
