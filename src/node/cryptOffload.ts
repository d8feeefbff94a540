import type { CryptOffload } from "../protocol/Cipher.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { FernetKey } from "../protocol/fernet.js";
import type { JobPool } from "./ports/JobPool.js";

/** The cluster's keys, and the work on large payloads that the pool does with them. */
export interface ClusterKeys {
  /** The first one seals. */
  readonly keys: readonly FernetKey[];
  readonly offload: CryptOffload;
}

/** Threads get a key as text, because key objects don't travel; only this module pairs the two. */
export function clusterKeys(texts: readonly string[], pool: JobPool): ClusterKeys {
  const textOf = new Map(texts.map((text) => [FernetKey.fromClusterKey(text), text]));
  const known = (key: FernetKey): string => {
    const text = textOf.get(key);
    if (text === undefined) throw new TypeError("a key that is not the cluster's");
    return text;
  };
  return {
    keys: [...textOf.keys()],
    offload: {
      async encrypt(key, payload, seconds, iv) {
        const owned = payload.byteLength === payload.buffer.byteLength && payload.buffer instanceof ArrayBuffer;
        const job = { kind: "encrypt", key: known(key), payload, seconds, iv } as const;
        const result = await pool.run<"encrypt">(job, owned ? { transfer: [payload.buffer] } : {});
        return result.bytes;
      },
      async decrypt(keys, token) {
        let failure: unknown = MusterError.cluster(3025);
        for (const key of keys) {
          try {
            return (await pool.run<"decrypt">({ kind: "decrypt", key: known(key), token })).bytes;
          } catch (error) {
            failure = error;
          }
        }
        throw failure;
      },
    },
  };
}
