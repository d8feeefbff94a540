import type { Clock, RandomSource } from "./Clock.js";
import { decryptToken, encryptToken } from "./fernet.js";
import type { FernetKey } from "./fernet.js";
import { MusterError } from "./errors/MusterError.js";

/**
 * How a link hides its payloads. Both directions answer at once where that is cheap, and with a
 * promise where the work is done elsewhere; the channel keeps the order either way.
 */
export interface Cipher {
  /** Turns a clear payload into a message's body. The payload belongs to the cipher from then on. */
  seal(payload: Uint8Array): Buffer | Promise<Buffer>;
  /**
   * Turns a message's body into its clear payload. Throws or rejects with error 3025. The payload of a body in shared
   * memory may be written over it.
   */
  open(body: Uint8Array): Buffer | Promise<Buffer>;
}

/** The local socket's cipher: payloads travel as they are, and may be empty (protocol.md 12). */
export const plainCipher: Cipher = Object.freeze({
  seal: (payload: Uint8Array) => asBuffer(payload),
  open: (body: Uint8Array) => asBuffer(body),
});

/** Work on large payloads, done away from the calling thread. */
export interface CryptOffload {
  /**
   * The same as `encryptToken`. The implementer may move `payload` to another thread only when the
   * payload fills its whole ArrayBuffer.
   */
  encrypt(key: FernetKey, payload: Uint8Array, seconds: number, iv: Uint8Array): Promise<Uint8Array>;
  /**
   * The same as `decryptToken`, whose error 3025 it rejects with. The implementer may move `token` to another thread
   * only when no other key will be tried, and it fills its whole ArrayBuffer.
   */
  decrypt(key: FernetKey, token: Uint8Array): Promise<Uint8Array>;
  /** Opens a token in shared memory by the first key that verifies it; the payload is written over the token (`openTokenInPlace`). */
  openInPlace(keys: readonly FernetKey[], token: Buffer): Promise<{ readonly key: FernetKey; readonly payload: Buffer }>;
}

export interface FernetCipherOptions {
  /**
   * At least one. The first one seals; any opens, so that a key can be changed without a stop. A function is asked
   * anew for each message.
   */
  readonly keys: readonly FernetKey[] | (() => readonly FernetKey[]);
  /** Hears which key a message of the peer was sealed with. */
  readonly onOpened?: (key: FernetKey) => void;
  readonly clock: Pick<Clock, "wallTime">;
  readonly random: Pick<RandomSource, "bytes">;
  /** Without it everything is done at once, whatever its size. */
  readonly offload?: CryptOffload;
  /** Payloads and bodies above this many bytes go to `offload`. @default 65536 */
  readonly inlineBytes?: number;
}

const DEFAULT_INLINE_BYTES = 64 * 1024;
/** Bytes of a token's initialization vector. */
export const IV_BYTES = 16;
/** Initialisation vectors that are drawn at once: each draw costs about as much as a small message's encryption. */
const IVS_AT_ONCE = 64;

/** The cipher of TCP links: one Fernet token per message (protocol.md 1). */
export class FernetCipher implements Cipher {
  readonly #keys: () => readonly FernetKey[];
  readonly #onOpened: ((key: FernetKey) => void) | undefined;
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #random: Pick<RandomSource, "bytes">;
  readonly #offload: CryptOffload | undefined;
  readonly #inlineBytes: number;
  /** Random bytes that have not been used. */
  #ivs: Uint8Array = new Uint8Array(0);

  constructor({ keys, clock, random, offload, onOpened, inlineBytes = DEFAULT_INLINE_BYTES }: FernetCipherOptions) {
    this.#keys = typeof keys === "function" ? keys : () => keys;
    this.#sealingKey();
    this.#onOpened = onOpened;
    this.#clock = clock;
    this.#random = random;
    this.#offload = offload;
    this.#inlineBytes = inlineBytes;
  }

  seal(payload: Uint8Array): Buffer | Promise<Buffer> {
    const seconds = Math.floor(this.#clock.wallTime() / 1000);
    const iv = this.#nextIv();
    if (this.#offload !== undefined && payload.length > this.#inlineBytes) {
      return this.#offload.encrypt(this.#sealingKey(), payload, seconds, iv.slice()).then(asBuffer);
    }
    return encryptToken(this.#sealingKey(), payload, seconds, iv);
  }

  open(body: Uint8Array): Buffer | Promise<Buffer> {
    if (this.#offload !== undefined && body.length > this.#inlineBytes) {
      return body.buffer instanceof SharedArrayBuffer ? this.#openShared(this.#offload, asBuffer(body)) : this.#openElsewhere(this.#offload, body);
    }
    return openWithAny(this.#keys(), body, this.#onOpened);
  }

  /** Never the same bytes twice. */
  #nextIv(): Uint8Array {
    if (this.#ivs.length === 0) this.#ivs = this.#random.bytes(IVS_AT_ONCE * IV_BYTES);
    const iv = this.#ivs.subarray(0, IV_BYTES);
    this.#ivs = this.#ivs.subarray(IV_BYTES);
    return iv;
  }

  #sealingKey(): FernetKey {
    const [key] = this.#keys();
    if (key === undefined) throw new RangeError("A cipher needs at least one cluster key, and got none.");
    return key;
  }

  async #openShared(offload: CryptOffload, body: Buffer): Promise<Buffer> {
    const { key, payload } = await offload.openInPlace(this.#keys(), body);
    this.#onOpened?.(key);
    return payload;
  }

  async #openElsewhere(offload: CryptOffload, body: Uint8Array): Promise<Buffer> {
    let failure: unknown = new RangeError("no key");
    for (const key of this.#keys()) {
      try {
        const bytes = await offload.decrypt(key, body);
        this.#onOpened?.(key);
        return asBuffer(bytes);
      } catch (error) {
        if (!(error instanceof MusterError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}

/** Tries the keys in order. Throws the last key's error when none verifies the token. */
function openWithAny(keys: readonly FernetKey[], body: Uint8Array, onOpened?: (key: FernetKey) => void): Buffer {
  let failure: unknown = new RangeError("no key");
  for (const key of keys) {
    try {
      const bytes = decryptToken(key, body);
      onOpened?.(key);
      return bytes;
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
