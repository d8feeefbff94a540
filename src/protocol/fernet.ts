import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { Decipher, KeyObject } from "node:crypto";
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
const HASH = "sha256";
const PADDING_SIGN = "=".charCodeAt(0);
/**
 * Bytes, and characters of base64, that are converted at a time. Pieces of this size come from memory that was used
 * before; larger ones get fresh pages from the system each time, which costs several times the conversion.
 */
const SLICE = 32 * 1024;
/** Bytes of a payload that is encrypted at one go. */
const SMALL_PAYLOAD = 16 * 1024;

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
 * Encrypts and signs `payload` (protocol.md 1, Fernet), piece by piece: nothing but the token is held as a whole.
 *
 * @param seconds the token's time since the Unix epoch; a fraction is dropped.
 * @param iv 16 random bytes, never used twice.
 * @returns the token's ASCII text, with its `=` padding.
 */
export function encryptToken(key: FernetKey, payload: Uint8Array, seconds: number, iv: Uint8Array): Buffer {
  if (payload.length <= SMALL_PAYLOAD) return encryptSmall(key, payload, seconds, iv);
  const token = Buffer.allocUnsafe(tokenBytes(payload.length));
  encryptPieces(key, slicesOf(payload), payload.length, seconds, iv, token);
  return token;
}

/** Bytes of the token of a payload: base64url of 57 fixed bytes and the padded ciphertext. */
export function tokenBytes(payloadBytes: number): number {
  const raw = CIPHERTEXT_OFFSET + BLOCK_BYTES * (Math.floor(payloadBytes / BLOCK_BYTES) + 1) + SIGNATURE_BYTES;
  return 4 * Math.ceil(raw / 3);
}

/**
 * The same for a payload that comes in pieces, its token written to the start of `target`. A piece may be reused once the
 * next one is asked for.
 *
 * @param payloadBytes of all pieces together.
 * @returns the token's length.
 * @throws RangeError when `target` is too short; whatever `pieces` throws.
 */
export function encryptPieces(
  key: FernetKey,
  pieces: Iterable<Uint8Array>,
  payloadBytes: number,
  seconds: number,
  iv: Uint8Array,
  target: Buffer,
): number {
  const length = tokenBytes(payloadBytes);
  if (target.length < length) throw new RangeError(`A token of ${length} bytes does not fit into ${target.length}`);
  const cipher = createCipheriv(CIPHER, key.encryption, iv);
  const hmac = createHmac(HASH, key.signing);
  const text = new TokenText(target.subarray(0, length));
  const add = (bytes: Buffer): void => {
    hmac.update(bytes);
    text.add(bytes);
  };
  const head = Buffer.allocUnsafe(CIPHERTEXT_OFFSET);
  writeHead(head, seconds, iv);
  add(head);
  for (const piece of pieces) add(cipher.update(piece));
  add(cipher.final());
  text.add(hmac.digest());
  text.finish();
  return length;
}

function* slicesOf(payload: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < payload.length; offset += SLICE) yield payload.subarray(offset, offset + SLICE);
}

/** The same at one go: most messages are small, and each step between costs more than their bytes. */
function encryptSmall(key: FernetKey, payload: Uint8Array, seconds: number, iv: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key.encryption, iv);
  const blocks = payload.length - (payload.length % BLOCK_BYTES);
  const signed = CIPHERTEXT_OFFSET + blocks + BLOCK_BYTES;
  const raw = Buffer.allocUnsafe(signed + SIGNATURE_BYTES);
  writeHead(raw, seconds, iv);
  if (payload.length > 0) raw.set(cipher.update(payload), CIPHERTEXT_OFFSET);
  raw.set(cipher.final(), CIPHERTEXT_OFFSET + blocks);
  raw.set(createHmac(HASH, key.signing).update(raw.subarray(0, signed)).digest(), signed);
  const text = Buffer.allocUnsafe(Math.ceil(raw.length / 3) * 4);
  return text.fill(PADDING_SIGN, text.write(raw.toString("base64url"), "latin1"));
}

function writeHead(head: Buffer, seconds: number, iv: Uint8Array): void {
  head.writeUInt8(VERSION, 0);
  head.writeBigUInt64BE(BigInt(Math.trunc(seconds)), TIME_OFFSET);
  head.set(iv, IV_OFFSET);
}

/**
 * Verifies and decrypts a token. Its age is not looked at (protocol.md 1). What was decrypted leaves this function
 * only when the signature over all of it holds.
 *
 * @throws MusterError 3025 for anything that does not verify; what was wrong is in its `cause`.
 */
export function decryptToken(key: FernetKey, token: Uint8Array): Buffer {
  const text = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
  const signed = rawBytesOf(text) - SIGNATURE_BYTES;
  if (signed + SIGNATURE_BYTES < SHORTEST_TOKEN_BYTES) throw refusal("it is too short");
  const ciphertextBytes = signed - CIPHERTEXT_OFFSET;
  const hmac = createHmac(HASH, key.signing);
  const padded = Buffer.allocUnsafe(ciphertextBytes - (ciphertextBytes % BLOCK_BYTES));
  const signature = Buffer.allocUnsafe(SIGNATURE_BYTES);
  let decipher: Decipher | undefined;
  let decrypted = 0;
  let position = 0;
  eachRawPiece(text, (piece) => {
    let ciphertext = piece;
    if (decipher === undefined) {
      if (piece[0] !== VERSION) throw refusal("its version is unknown");
      // The padding is taken off below, as a view: Node's own way would need another copy of the payload.
      decipher = createDecipheriv(CIPHER, key.encryption, piece.subarray(IV_OFFSET, CIPHERTEXT_OFFSET)).setAutoPadding(false);
      hmac.update(piece.subarray(0, CIPHERTEXT_OFFSET));
      position = CIPHERTEXT_OFFSET;
      ciphertext = piece.subarray(CIPHERTEXT_OFFSET);
    }
    const part = ciphertext.subarray(0, Math.max(0, signed - position));
    const rest = ciphertext.subarray(part.length);
    if (rest.length > 0) signature.set(rest, position + part.length - signed);
    position += ciphertext.length;
    hmac.update(part);
    const made = decipher.update(part);
    // A length of no whole blocks is refused at the end; what fits is kept until then.
    padded.set(made, decrypted);
    decrypted += made.length;
  });
  if (!timingSafeEqual(hmac.digest(), signature)) throw refusal("its signature differs");
  if (ciphertextBytes % BLOCK_BYTES !== 0) throw refusal("it does not consist of whole blocks");
  return withoutPadding(padded);
}

/** Where a token's payload stands in its own memory, and which of the keys verified it. */
export interface OpenedInPlace {
  readonly start: number;
  readonly bytes: number;
  readonly key: number;
}

/**
 * Verifies and decrypts a token, as `decryptToken` does, in the token's own memory: base64 and ciphertext are written over
 * by what they stand for. Nothing is decrypted before the signature over all of it holds.
 *
 * @param keys those that are tried, in their order.
 * @throws MusterError 3025 for anything that no key verifies. The memory's content is lost then, too.
 */
export function openTokenInPlace(keys: readonly FernetKey[], token: Buffer): OpenedInPlace {
  const rawBytes = rawBytesOf(token);
  const signed = rawBytes - SIGNATURE_BYTES;
  if (rawBytes < SHORTEST_TOKEN_BYTES) throw refusal("it is too short");
  let position = 0;
  // A piece is shorter than the text that it was made of, so it never reaches text that is still to be read.
  eachRawPiece(token, (piece) => {
    token.set(piece, position);
    position += piece.length;
  });
  if (token[0] !== VERSION) throw refusal("its version is unknown");
  if ((signed - CIPHERTEXT_OFFSET) % BLOCK_BYTES !== 0) throw refusal("it does not consist of whole blocks");
  const signature = token.subarray(signed, rawBytes);
  const verifies = ({ signing }: FernetKey): boolean =>
    timingSafeEqual(createHmac(HASH, signing).update(token.subarray(0, signed)).digest(), signature);
  const index = keys.findIndex(verifies);
  const key = keys[index];
  if (key === undefined) throw refusal("its signature differs");
  const decipher = createDecipheriv(CIPHER, key.encryption, token.subarray(IV_OFFSET, CIPHERTEXT_OFFSET)).setAutoPadding(false);
  for (let offset = CIPHERTEXT_OFFSET; offset < signed; offset += SLICE) {
    token.set(decipher.update(token.subarray(offset, Math.min(offset + SLICE, signed))), offset);
  }
  return { start: CIPHERTEXT_OFFSET, bytes: withoutPadding(token.subarray(CIPHERTEXT_OFFSET, signed)).length, key: index };
}

function withoutPadding(padded: Buffer): Buffer {
  const count = padded[padded.length - 1] ?? 0;
  if (count < 1 || count > BLOCK_BYTES) throw refusal("its padding is wrong");
  const end = padded.length - count;
  if (padded.subarray(end).some((byte) => byte !== count)) throw refusal("its padding is wrong");
  return padded.subarray(0, end);
}

/** Base64url text with its padding, made from bytes that come piece by piece. */
class TokenText {
  private written = 0;
  /** Bytes that wait for others to fill a group of three. */
  private waiting: Buffer = Buffer.alloc(0);

  /** @param text where it goes: as long as it will be */
  constructor(private readonly text: Buffer) {}

  add(bytes: Buffer): void {
    let needed = 0;
    if (this.waiting.length > 0) {
      needed = Math.min(3 - this.waiting.length, bytes.length);
      this.waiting = Buffer.concat([this.waiting, bytes.subarray(0, needed)]);
      if (this.waiting.length < 3) return;
      this.write(this.waiting);
    }
    const whole = needed + Math.floor((bytes.length - needed) / 3) * 3;
    this.write(bytes.subarray(needed, whole));
    this.waiting = bytes.subarray(whole);
  }

  finish(): void {
    this.write(this.waiting);
    this.text.fill(PADDING_SIGN, this.written);
  }

  private write(bytes: Buffer): void {
    if (bytes.length > 0) this.written += this.text.write(bytes.toString("base64url"), this.written, "latin1");
  }
}

/** How many bytes a token's text stands for. @throws MusterError 3025 for what can be no URL-safe base64 */
function rawBytesOf(text: Buffer): number {
  if (text.length === 0 || text.length % 4 !== 0) throw refusal("it is no base64");
  if (text.includes("+") || text.includes("/")) throw refusal("it is no URL-safe base64");
  return Math.floor(((text.length - paddingOf(text)) * 3) / 4);
}

/**
 * The bytes of a token's text, piece by piece; a piece is valid during its call only. Strict: Node's decoder skips
 * what it does not know, so what it skipped is counted.
 */
function eachRawPiece(text: Buffer, take: (piece: Buffer) => void): void {
  const characters = text.length - paddingOf(text);
  const piece = Buffer.allocUnsafe((Math.min(SLICE, text.length) / 4) * 3);
  for (let offset = 0; offset < characters; offset += SLICE) {
    const end = Math.min(offset + SLICE, characters);
    const bytes = piece.write(text.toString("latin1", offset, end), 0, "base64url");
    if (bytes !== Math.floor(((end - offset) * 3) / 4)) throw refusal("it is no base64");
    if (end === characters) requireCanonicalTail(text, piece.subarray(0, bytes), characters);
    take(piece.subarray(0, bytes));
  }
}

/** The last characters can hold bits that belong to no byte; a token has one text only. */
function requireCanonicalTail(text: Buffer, last: Buffer, characters: number): void {
  const tail = last.toString("base64url", Math.max(0, last.length - (last.length % 3 || 3)));
  if (text.toString("latin1", characters - tail.length, characters) !== tail) throw refusal("it is no base64");
}

function paddingOf(text: Buffer): number {
  if (text[text.length - 1] !== PADDING_SIGN) return 0;
  return text[text.length - 2] === PADDING_SIGN ? 2 : 1;
}

function refusal(reason: string): MusterError {
  return MusterError.cluster(3025, null, { cause: new Error(`The token does not verify: ${reason}`) });
}
