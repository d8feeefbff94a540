import { isIPv4, isIPv6 } from "node:net";

/** Does an address, as a socket tells it, belong to this machine itself? */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const v4 = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  if (isIPv4(v4)) return v4.startsWith("127.");
  return isIPv6(address) && address === "::1";
}
