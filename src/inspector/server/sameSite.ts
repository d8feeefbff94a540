import { isIP } from "node:net";

/** What is judged of a request. */
export interface RequestOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly remoteAddress: string | undefined;
}

/**
 * Whether a request comes from a page of this node itself, or from no page at all. A page of another site says
 * so in its Origin; one that had its own name rebound to this address (DNS rebinding) says that name in Host.
 */
export function isSameSite({ host, origin }: RequestOrigin): boolean {
  if (host === undefined || !isAddressOrLocal(hostName(host))) return false;
  if (origin === undefined) return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

export function isLoopback({ remoteAddress }: RequestOrigin): boolean {
  if (remoteAddress === undefined) return false;
  const plain = remoteAddress.replace(/^::ffff:/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** Nobody can rebind an address, or `localhost`, which browsers resolve themselves. */
function isAddressOrLocal(name: string): boolean {
  return name === "localhost" || isIP(name) !== 0;
}

function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d+$/, "");
}
