import { MusterError } from "../src/protocol/errors/MusterError.js";

/** What a worker says of itself in `hello` (protocol.md 4). */
export interface Hello {
  readonly nodeName: string;
  readonly clusterName: string;
  readonly nodeType: string;
  readonly version: string;
}

/** What the master knows of itself when it admits a worker. */
export interface OwnIdentity {
  readonly nodeName: string;
  readonly clusterName: string;
  readonly version: string;
}

export type Verdict =
  | { readonly kind: "admit" }
  | { readonly kind: "refuse"; readonly error: MusterError }
  /** The name belongs to a connected peer, which is to be probed first: it may be dead (quality.md 3). */
  | { readonly kind: "probe"; readonly holder: string };

/**
 * Decides over a `hello`, in the reference's order of checks: name in use (3028), the master's own
 * name (3029), another cluster (3030), another version (3031); protocol.md 4.
 *
 * @param holders connected node name → peer id
 */
export function judgeHello(own: OwnIdentity, hello: Hello, holders: ReadonlyMap<string, string>): Verdict {
  const refuse = (code: number): Verdict => ({ kind: "refuse", error: MusterError.cluster(code) });
  if (hello.nodeName === own.nodeName) return refuse(3029);
  if (hello.clusterName !== own.clusterName) return refuse(3030);
  if (hello.version !== own.version) return refuse(3031);
  const holder = holders.get(hello.nodeName);
  return holder === undefined ? { kind: "admit" } : { kind: "probe", holder };
}
