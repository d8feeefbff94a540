import type { Clock, RandomSource } from "./Clock.js";
import { decryptWithAny, encryptToken } from "./fernet.js";
import type { FernetKey } from "./fernet.js";

/**
 * How a link hides its payloads. Both directions answer at once where that is cheap, and with a
 * promise where the work is done elsewhere; the channel keeps the order either way.
 */
export interface Cipher {
  /** Turns a clear payload into a message's body. The payload belongs to the cipher from then on. */
  seal(payload: Uint8Array): Buffer | Promise<Buffer>;
  /** Turns a message's body into its clear payload. Throws or rejects with error 3025. */
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
   * The same as `decryptWithAny`. The implementer may move `token` to another thread only when it fills its whole
   * ArrayBuffer.
   */
  decrypt(keys: readonly FernetKey[], token: Uint8Array): Promise<Uint8Array>;
}

export interface FernetCipherOptions {
  /** At least one. The first one seals; any opens, so that a key can be changed without a stop. */
  readonly keys: readonly FernetKey[];
  readonly clock: Pick<Clock, "wallTime">;
  readonly random: Pick<RandomSource, "bytes">;
  /** Without it everything is done at once, whatever its size. */
  readonly offload?: CryptOffload;
  /** Payloads and bodies above this many bytes go to `offload`. @default 65536 */
  readonly inlineBytes?: number;
}

const DEFAULT_INLINE_BYTES = 64 * 1024;
const IV_BYTES = 16;

/** The cipher of TCP links: one Fernet token per message (protocol.md 1). */
export class FernetCipher implements Cipher {
  readonly #keys: readonly FernetKey[];
  readonly #sealingKey: FernetKey;
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #random: Pick<RandomSource, "bytes">;
  readonly #offload: CryptOffload | undefined;
  readonly #inlineBytes: number;

  constructor({ keys, clock, random, offload, inlineBytes = DEFAULT_INLINE_BYTES }: FernetCipherOptions) {
    const [sealingKey] = keys;
    if (sealingKey === undefined) throw new RangeError("A cipher needs at least one cluster key, and got none.");
    this.#keys = [...keys];
    this.#sealingKey = sealingKey;
    this.#clock = clock;
    this.#random = random;
    this.#offload = offload;
    this.#inlineBytes = inlineBytes;
  }

  seal(payload: Uint8Array): Buffer | Promise<Buffer> {
    const seconds = Math.floor(this.#clock.wallTime() / 1000);
    const iv = this.#random.bytes(IV_BYTES);
    if (this.#offload !== undefined && payload.length > this.#inlineBytes) {
      return this.#offload.encrypt(this.#sealingKey, payload, seconds, iv).then(asBuffer);
    }
    return encryptToken(this.#sealingKey, payload, seconds, iv);
  }

  open(body: Uint8Array): Buffer | Promise<Buffer> {
    if (this.#offload !== undefined && body.length > this.#inlineBytes) {
      return this.#offload.decrypt(this.#keys, body).then(asBuffer);
    }
    return decryptWithAny(this.#keys, body);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes of the Fernet token of a payload: base64url of 57 fixed bytes and the padded ciphertext. */
export function tokenBytes(payloadBytes: number): number {
  return 4 * Math.ceil((57 + 16 * (Math.floor(payloadBytes / 16) + 1)) / 3);
}
