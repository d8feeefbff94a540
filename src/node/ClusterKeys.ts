import { createHash } from "node:crypto";
import type { CryptOffload } from "../protocol/Cipher.js";
import { FernetKey } from "../protocol/fernet.js";
import type { JobPool } from "./ports/JobPool.js";

/** A key by which people and files can name it; nothing of the key can be told from it. */
export function fingerprintOf(text: string): string {
  return createHash("sha256").update(`muster cluster key ${text}`).digest("hex").slice(0, 12);
}

/**
 * The cluster's accepted keys, and the work on large payloads that the pool does with them. They can be replaced
 * while links are open: what is sealed from then on is sealed with the new first one.
 */
export class ClusterKeys {
  readonly offload: CryptOffload;
  #keys: readonly FernetKey[] = [];
  #fingerprints: readonly string[] = [];
  /** Threads get a key as text, because key objects don't travel. Keys that were replaced stay as long as work has them. */
  readonly #texts = new WeakMap<FernetKey, string>();
  #listener: () => void = () => undefined;

  /** @param texts at least one; the first one seals. @throws MusterError 3004 for one that is no cluster key */
  constructor(texts: readonly string[], pool: JobPool) {
    this.replace(texts);
    this.offload = {
      encrypt: async (key, payload, seconds, iv) => {
        const job = { kind: "encrypt", key: this.#textOf(key), payload, seconds, iv } as const;
        return (await pool.run<"encrypt">(job, { transfer: movable(payload) })).bytes;
      },
      decrypt: async (key, token) => {
        const job = { kind: "decrypt", key: this.#textOf(key), token } as const;
        // A token that another key may have to try stays here.
        return (await pool.run<"decrypt">(job, { transfer: this.#keys.length === 1 ? movable(token) : [] })).bytes;
      },
    };
  }

  /** The accepted keys now; the first one seals. */
  readonly accepted = (): readonly FernetKey[] => this.#keys;

  /** Their fingerprints, in the same order. */
  get fingerprints(): readonly string[] {
    return this.#fingerprints;
  }

  /** The fingerprint of a key that this object made. */
  fingerprint(key: FernetKey): string {
    return fingerprintOf(this.#textOf(key));
  }

  /** Other keys from here on. @throws MusterError 3004 for one that is no cluster key, and nothing is replaced then */
  replace(texts: readonly string[]): void {
    if (texts.length === 0) throw new RangeError("A cluster needs at least one key, and got none.");
    // A key that stays keeps its object: links tell by it which one their peer uses.
    const before = new Map(this.#keys.map((key) => [this.#textOf(key), key]));
    const keys = texts.map((text) => before.get(text) ?? FernetKey.fromClusterKey(text));
    keys.forEach((key, index) => this.#texts.set(key, texts[index] ?? ""));
    this.#keys = keys;
    this.#fingerprints = texts.map(fingerprintOf);
    this.#listener();
  }

  /** Calls `listener` after each change of the keys, or of a key that a peer uses. */
  watch(listener: () => void): void {
    this.#listener = listener;
  }

  /** A peer began to seal with another key. */
  peerChanged(): void {
    this.#listener();
  }

  #textOf(key: FernetKey): string {
    const text = this.#texts.get(key);
    if (text === undefined) throw new TypeError("a key that is not the cluster's");
    return text;
  }
}

/** The bytes' buffer when they fill all of it: then it can leave this thread without a copy. */
function movable(bytes: Uint8Array): readonly ArrayBuffer[] {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
