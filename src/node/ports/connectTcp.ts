import { connect } from "node:net";
import type { Address } from "./Network.js";
import { SocketLink } from "./SocketLink.js";

/** Opens a TCP connection. Rejects with a text that names the address, or with the signal's reason. */
export function connectTcp(address: Address, signal: AbortSignal): Promise<SocketLink> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
    };
    const refused = (error: NodeJS.ErrnoException): void => {
      signal.removeEventListener("abort", giveUp);
      reject(new Error(`can't reach ${host}:${String(port)} (${error.code ?? error.message})`, { cause: error }));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("error", refused);
    socket.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.off("error", refused);
      resolve(new SocketLink(socket));
    });
  });
}
