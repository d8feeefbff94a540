import { isIP } from "node:net";

/** Where the HTTP API listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Where it listens unless it is told otherwise (interface.md). */
export const DEFAULT_LISTEN_ADDRESS: ListenAddress = Object.freeze({ host: "127.0.0.1", port: 1517 });

const HIGHEST_PORT = 65_535;
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/**
 * `HOST:PORT`, `[IPV6]:PORT` or `off`, which is null.
 *
 * @throws Error that says which form is wanted
 */
export function parseListenAddress(text: string): ListenAddress | null {
  if (text === "off") return null;
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const [, v6, name, digits] = match ?? [];
  const port = Number(digits);
  const isHost = v6 === undefined ? name !== undefined && (isIP(name) === 4 || HOST_NAME.test(name)) : isIP(v6) === 6;
  if (!isHost || port > HIGHEST_PORT) {
    throw new Error(`"${text}" is no address to listen on: it must be HOST:PORT, [IPV6]:PORT or off, for example 127.0.0.1:1517`);
  }
  return { host: v6 ?? name ?? "", port };
}

/** Whether only this machine reaches what listens there. A name counts when it is `localhost`. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/i, "");
  return address === "::1" || address === "localhost" || (isIP(address) === 4 && address.startsWith("127."));
}

/** An address for people. */
export function addressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
