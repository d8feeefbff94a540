import { createHash } from "node:crypto";
import type { CryptOffload } from "../protocol/Cipher.js";
import { FernetKey, tokenBytes } from "../protocol/fernet.js";
import { HEADER_BYTES } from "../protocol/frame.js";
import { SlabStore, type Slab } from "../protocol/memory/SlabStore.js";
import type { BorrowedBody } from "../protocol/SendQueue.js";
import type { JobPool } from "./ports/JobPool.js";

/** Bytes of one piece of shared memory: a frame with a chunk of a file as it is sent by default, and some more. */
const SLAB_BYTES = 1024 * 1024;
/** Pieces that are in use at a time, and pieces that wait to be used again. */
const MOST_SLABS = 64;
const KEPT_SLABS = 16;

/** A part of a file that is to be sealed behind `prefix`. */
export interface FilePart {
  readonly prefix: Uint8Array;
  /** Absolute. */
  readonly file: string;
  readonly position: number;
  readonly length: number;
  readonly seconds: number;
  readonly iv: Uint8Array;
}

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
  /** For large messages of all connections. */
  readonly memory = new SlabStore({ slabBytes: SLAB_BYTES, most: MOST_SLABS, kept: KEPT_SLABS });
  readonly #pool: JobPool;
  #keys: readonly FernetKey[] = [];
  #fingerprints: readonly string[] = [];
  /** Threads get a key as text, because key objects don't travel. Keys that were replaced stay as long as work has them. */
  readonly #texts = new WeakMap<FernetKey, string>();
  #listener: () => void = () => undefined;

  /** @param texts at least one; the first one seals. @throws MusterError 3004 for one that is no cluster key */
  constructor(texts: readonly string[], pool: JobPool) {
    this.#pool = pool;
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
      openInPlace: async (keys, token) => {
        const { buffer: memory, byteOffset: offset, length } = token;
        if (!(memory instanceof SharedArrayBuffer)) throw new TypeError("a token that is not in shared memory");
        const job = { kind: "openInPlace", keys: keys.map((key) => this.#textOf(key)), memory, offset, length } as const;
        const { key, start, bytes } = await pool.run<"openInPlace">(job);
        return { key: keys[key] as FernetKey, payload: token.subarray(start, start + bytes) };
      },
    };
  }

  /**
   * Seals a part of a file, read by the thread that seals it, for one frame (`SealedSource`). Rejects with the error of
   * the file.
   */
  async sealFile(part: FilePart): Promise<BorrowedBody> {
    const [key] = this.#keys;
    if (key === undefined) throw new RangeError("A cluster needs at least one key.");
    const needed = HEADER_BYTES + tokenBytes(part.prefix.length + part.length);
    const slab = (needed <= SLAB_BYTES ? this.memory.take() : undefined) ?? ownSlab(needed);
    const job = { ...part, kind: "sealFile", key: this.#textOf(key), target: slab.bytes.buffer as SharedArrayBuffer, offset: HEADER_BYTES } as const;
    try {
      return { slab, bytes: (await this.#pool.run<"sealFile">(job)).bytes };
    } catch (error) {
      slab.release();
      throw error;
    }
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

/** Memory for one message while all that is kept is lent. */
function ownSlab(bytes: number): Slab {
  return { bytes: Buffer.from(new SharedArrayBuffer(bytes)), release: () => undefined };
}

/** The bytes' buffer when they fill all of it: then it can leave this thread without a copy. */
function movable(bytes: Uint8Array): readonly ArrayBuffer[] {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
