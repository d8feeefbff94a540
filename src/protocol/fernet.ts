import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { MusterError } from "./errors/MusterError.js";

const VERSION = 0x80;
const HALF_KEY_BYTES = 16;
const TIME_OFFSET = 1;
const IV_OFFSET = 9;
const IV_BYTES = 16;
const CIPHERTEXT_OFFSET = IV_OFFSET + IV_BYTES;
const BLOCK_BYTES = 16;
const SIGNATURE_BYTES = 32;
/** Version, time, IV, the one block that even an empty payload needs, signature. */
const SHORTEST_TOKEN_BYTES = CIPHERTEXT_OFFSET + BLOCK_BYTES + SIGNATURE_BYTES;
const CIPHER = "aes-128-cbc";
const PADDING_SIGN = "=".charCodeAt(0);
/** Characters that are converted between base64 and bytes at a time: no second copy of a large token as a string. */
const TEXT_SLICE = 1024 * 1024;

/** A Fernet key in its two halves. Its content shows in no log: the halves are opaque key objects. */
export class FernetKey {
  private constructor(
    readonly signing: KeyObject,
    readonly encryption: KeyObject,
  ) {}

  /**
   * The key whose 32 bytes are the cluster key's characters themselves (protocol.md 1).
   *
   * @throws MusterError 3004 for anything but 32 letters, digits or underscores; the text does not repeat it.
   */
  static fromClusterKey(key: string): FernetKey {
    if (key === "") throw MusterError.cluster(3004, "Unspecified key");
    if (!/^\w{32}$/.test(key) || key.length !== 2 * HALF_KEY_BYTES) {
      throw MusterError.cluster(3004, "Key must be 32 characters long and only have alphanumeric characters");
    }
    return FernetKey.fromBytes(Buffer.from(key, "latin1"));
  }

  /**
   * The key of 32 raw bytes: 16 for signing, 16 for encryption.
   *
   * @throws RangeError for another length.
   */
  static fromBytes(bytes: Uint8Array): FernetKey {
    if (bytes.length !== 2 * HALF_KEY_BYTES) throw new RangeError(`A Fernet key has 32 bytes, not ${bytes.length}`);
    return new FernetKey(
      createSecretKey(bytes.subarray(0, HALF_KEY_BYTES)),
      createSecretKey(bytes.subarray(HALF_KEY_BYTES)),
    );
  }
}

/**
 * Encrypts and signs `payload` (protocol.md 1, Fernet).
 *
 * @param seconds the token's time since the Unix epoch; a fraction is dropped.
 * @param iv 16 random bytes, never used twice.
 * @returns the token's ASCII text, with its `=` padding.
 */
export function encryptToken(key: FernetKey, payload: Uint8Array, seconds: number, iv: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key.encryption, iv);
  const blocks = cipher.update(payload);
  const lastBlock = cipher.final();
  const signed = CIPHERTEXT_OFFSET + blocks.length + lastBlock.length;
  const raw = Buffer.allocUnsafe(signed + SIGNATURE_BYTES);
  raw.writeUInt8(VERSION, 0);
  raw.writeBigUInt64BE(BigInt(Math.trunc(seconds)), TIME_OFFSET);
  raw.set(iv, IV_OFFSET);
  raw.set(blocks, CIPHERTEXT_OFFSET);
  raw.set(lastBlock, CIPHERTEXT_OFFSET + blocks.length);
  raw.set(sign(key, raw.subarray(0, signed)), signed);
  return toBase64(raw);
}

/**
 * Verifies and decrypts a token. Its age is not looked at (protocol.md 1).
 *
 * @throws MusterError 3025 for anything that does not verify; what was wrong is in its `cause`.
 */
export function decryptToken(key: FernetKey, token: Uint8Array): Buffer {
  const raw = fromBase64(token);
  if (raw.length < SHORTEST_TOKEN_BYTES) throw refusal("it is too short");
  if (raw[0] !== VERSION) throw refusal("its version is unknown");
  const signed = raw.subarray(0, raw.length - SIGNATURE_BYTES);
  const ciphertext = signed.subarray(CIPHERTEXT_OFFSET);
  if (!timingSafeEqual(sign(key, signed), raw.subarray(signed.length))) throw refusal("its signature differs");
  if (ciphertext.length % BLOCK_BYTES !== 0) throw refusal("it does not consist of whole blocks");
  const decipher = createDecipheriv(CIPHER, key.encryption, raw.subarray(IV_OFFSET, CIPHERTEXT_OFFSET));
  // The padding is taken off here, as a view: Node's own way would need another copy of the payload.
  decipher.setAutoPadding(false);
  const padded = decipher.update(ciphertext);
  decipher.final();
  return withoutPadding(padded);
}

function sign(key: FernetKey, bytes: Uint8Array): Buffer {
  return createHmac("sha256", key.signing).update(bytes).digest();
}

function withoutPadding(padded: Buffer): Buffer {
  const count = padded[padded.length - 1] ?? 0;
  if (count < 1 || count > BLOCK_BYTES) throw refusal("its padding is wrong");
  const end = padded.length - count;
  if (padded.subarray(end).some((byte) => byte !== count)) throw refusal("its padding is wrong");
  return padded.subarray(0, end);
}

function toBase64(raw: Buffer): Buffer {
  const text = Buffer.alloc(Math.ceil(raw.length / 3) * 4, PADDING_SIGN);
  const step = (TEXT_SLICE / 4) * 3;
  let written = 0;
  for (let offset = 0; offset < raw.length; offset += step) {
    const end = Math.min(offset + step, raw.length);
    written += text.write(raw.toString("base64url", offset, end), written, "latin1");
  }
  return text;
}

/** Strict base64url: Node's decoder skips what it does not know, so what it skipped is counted. */
function fromBase64(token: Uint8Array): Buffer {
  const text = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
  if (text.length === 0 || text.length % 4 !== 0) throw refusal("it is no base64");
  if (text.includes("+") || text.includes("/")) throw refusal("it is no URL-safe base64");
  const characters = text.length - paddingOf(text);
  const raw = Buffer.allocUnsafe(Math.floor((characters * 3) / 4));
  let written = 0;
  for (let offset = 0; offset < characters; offset += TEXT_SLICE) {
    const end = Math.min(offset + TEXT_SLICE, characters);
    const bytes = raw.write(text.toString("latin1", offset, end), written, "base64url");
    if (bytes !== Math.floor(((end - offset) * 3) / 4)) throw refusal("it is no base64");
    written += bytes;
  }
  // The last characters can hold bits that belong to no byte; a token has one text only.
  const tail = raw.toString("base64url", raw.length - (raw.length % 3 || 3));
  if (text.toString("latin1", characters - tail.length, characters) !== tail) throw refusal("it is no base64");
  return raw;
}

function paddingOf(text: Buffer): number {
  if (text[text.length - 1] !== PADDING_SIGN) return 0;
  return text[text.length - 2] === PADDING_SIGN ? 2 : 1;
}

function refusal(reason: string): MusterError {
  return MusterError.cluster(3025, null, { cause: new Error(`The token does not verify: ${reason}`) });
}
