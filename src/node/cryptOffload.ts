import type { CryptOffload } from "../protocol/Cipher.js";
import { FernetKey } from "../protocol/fernet.js";
import type { ThreadPool } from "./ports/ThreadPool.js";

/** The cluster's keys, and the work on large payloads that the pool does with them. */
export interface ClusterKeys {
  /** The first one seals. */
  readonly keys: readonly FernetKey[];
  readonly offload: CryptOffload;
}

/** Threads get a key as text, because key objects don't travel; only this module pairs the two. */
export function clusterKeys(texts: readonly string[], pool: ThreadPool): ClusterKeys {
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
        const job = { kind: "encrypt", key: known(key), payload, seconds, iv } as const;
        return (await pool.run<"encrypt">(job, { transfer: movable(payload) })).bytes;
      },
      async decrypt(keys, token) {
        const job = { kind: "decrypt", keys: keys.map(known), token } as const;
        return (await pool.run<"decrypt">(job, { transfer: movable(token) })).bytes;
      },
    },
  };
}

/** The bytes' buffer when they fill all of it: then it can leave this thread without a copy. */
function movable(bytes: Uint8Array): readonly ArrayBuffer[] {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
