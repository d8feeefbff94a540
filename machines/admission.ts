import type { Dialect } from "../src/protocol/dialects/Dialect.js";
import { dialectOfVersion } from "../src/protocol/dialects/index.js";
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
  /** What this cluster speaks now, with its version. */
  readonly dialect: Dialect;
  /** Dialect and version are nobody's setting: they are those of the worker that comes while no other is there. */
  readonly followsWorkers: boolean;
}

export type Verdict =
  /** `dialect`: what the master is to speak from now on; absent when it does so already. */
  | { readonly kind: "admit"; readonly dialect?: Dialect }
  /** `hint`: what the log says besides; the peer reads the error alone. */
  | { readonly kind: "refuse"; readonly error: MusterError; readonly hint?: string }
  /** The name belongs to a connected peer, which is to be probed first: it may be dead (quality.md 3). */
  | { readonly kind: "probe"; readonly holder: string };

/**
 * Decides over a `hello`, in the reference's order of checks: form of the name (3060), name in use (3028), the
 * master's own name (3029), another cluster (3030), another version (3031); protocol.md 4, dialects.md 1.2.
 *
 * @param holders connected node name → peer id
 */
export function judgeHello(own: OwnIdentity, hello: Hello, holders: ReadonlyMap<string, string>): Verdict {
  const refuse = (code: number, hint?: string): Verdict => ({
    kind: "refuse",
    error: MusterError.cluster(code),
    ...(hint === undefined ? {} : { hint }),
  });
  const followed = own.followsWorkers && holders.size === 0 ? dialectOfVersion(hello.version) : undefined;
  const dialect = followed ?? own.dialect;
  if (!new RegExp(dialect.nodeNames).test(hello.nodeName)) {
    return refuse(3060, `dialect ${dialect.id} has no such node names as ${JSON.stringify(hello.nodeName)}`);
  }
  if (hello.nodeName === own.nodeName) return refuse(3029);
  if (hello.clusterName !== own.clusterName) return refuse(3030);
  if (hello.version !== dialect.version) return refuse(3031, versionHint(own.dialect, hello.version));
  const holder = holders.get(hello.nodeName);
  if (holder !== undefined) return { kind: "probe", holder };
  return dialect.id === own.dialect.id && dialect.version === own.dialect.version ? { kind: "admit" } : { kind: "admit", dialect };
}

function versionHint(own: Dialect, version: string): string {
  const theirs = dialectOfVersion(version);
  const spoken = theirs === undefined ? "a version that this node knows no dialect of" : `dialect ${theirs.id}`;
  return `it is of version ${JSON.stringify(version)} (${spoken}); this cluster is of version ${own.version} (dialect ${own.id}), and its nodes must all be of one version`;
}
