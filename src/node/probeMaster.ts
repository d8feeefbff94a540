import { Channel } from "../protocol/Channel.js";
import { FernetCipher } from "../protocol/Cipher.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";
import { DEFAULT_LIMITS } from "../config/Limits.js";
import { TO_MASTER } from "../protocol/commands.js";
import { zip43 } from "../protocol/dialects/zip43.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { FernetKey } from "../protocol/fernet.js";
import { formatHello } from "../protocol/hello.js";
import { connectTcp } from "./ports/connectTcp.js";
import type { LinkTls } from "./ports/LinkTls.js";

/** Milliseconds for one connection: to open it, and for the answer to its hello. */
const PROBE_TIMEOUT = 10_000;

/** A version that no node has: its hello is never accepted, so no name is ever registered. */
const NO_VERSION = "0.0.0";
/** Dialect 4.14 looks at a name's form before anything else, and has no names with a dot (dialects.md 1.2). */
const DOTTED_NAME = "muster.probe";

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly clusterName: string;
  readonly nodeName: string;
  /** With which the master's links are secured; undefined: not at all. */
  readonly tls: LinkTls | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What the master's answers tell. `strictNames`: it refuses names with a dot, as dialect 4.14 does from 4.14.6 on. */
export type ProbeFinding =
  /** It closed the connection: it can't read what is encrypted with this key, or is no cluster's master. */
  | { readonly kind: "noAnswer" }
  | { readonly kind: "nodeNameRefused" | "nameInUse" | "masterName" | "otherCluster"; readonly strictNames: boolean }
  /** Everything but the version, which no master tells, is right. */
  | { readonly kind: "versionOpen"; readonly strictNames: boolean }
  | { readonly kind: "other"; readonly error: string; readonly strictNames: boolean };

const BY_CODE: Readonly<Record<number, "nodeNameRefused" | "nameInUse" | "masterName" | "otherCluster" | "versionOpen">> = {
  3028: "nameInUse",
  3029: "masterName",
  3030: "otherCluster",
  3031: "versionOpen",
  3060: "nodeNameRefused",
};

/**
 * Finds out, without joining, what a master accepts: two connections whose hellos must be refused, and what they are
 * refused for (dialects.md 1.2, order of checks).
 *
 * @throws Error when the master can't be reached, or does not answer in time.
 */
export async function probeMaster(options: ProbeOptions): Promise<ProbeFinding> {
  const dotted = await refusalOf(options, DOTTED_NAME);
  if (dotted === undefined) return { kind: "noAnswer" };
  const strictNames = dotted.code === 3060;
  const refusal = await refusalOf(options, options.nodeName);
  if (refusal === undefined) {
    // Old masters fail at the answer to a name that is in use, and close the connection (dialects.md 1.2).
    return { kind: "nameInUse", strictNames };
  }
  const kind = BY_CODE[refusal.code];
  return kind === undefined ? { kind: "other", error: refusal.toString(), strictNames } : { kind, strictNames };
}

/** What a hello under this name is refused with; undefined when the master closed the connection instead. */
async function refusalOf({ host, port, key, clusterName, tls, clock, random }: ProbeOptions, nodeName: string): Promise<MusterError | undefined> {
  const link = await connectTcp({ host, port }, AbortSignal.timeout(PROBE_TIMEOUT), tls);
  const cipher = new FernetCipher({ keys: [FernetKey.fromClusterKey(key)], clock, random, inlineBytes: Number.MAX_SAFE_INTEGER });
  const channel = new Channel({
    link,
    dialect: zip43,
    clock,
    random,
    limits: DEFAULT_LIMITS,
    cipher,
    timeoutClusterRequest: PROBE_TIMEOUT / 1000,
    onRequest: () => undefined,
    onClosed: () => undefined,
  });
  link.listen(channel);
  try {
    const hello = formatHello({ nodeName, clusterName, nodeType: "worker", version: NO_VERSION });
    await channel.request(TO_MASTER.hello, hello);
    return MusterError.internal(1000, `the master took a worker of version ${NO_VERSION}`);
  } catch (error) {
    const refusal = MusterError.from(error);
    if (refusal.code === 3018) return undefined;
    if (refusal.code === 3020) throw new Error(`${host}:${String(port)} does not answer`, { cause: error });
    return refusal;
  } finally {
    channel.destroy();
  }
}
