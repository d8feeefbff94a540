import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

/** Fernet as protocol.md 1 describes it, written for tests alone. The key's 32 characters are its 32 bytes. */
export function seal(key: string, clear: Uint8Array): Buffer {
  const iv = randomBytes(16);
  const head = Buffer.alloc(9);
  head[0] = 0x80;
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1);
  const cipher = createCipheriv("aes-128-cbc", Buffer.from(key).subarray(16, 32), iv);
  const signed = Buffer.concat([head, iv, cipher.update(clear), cipher.final()]);
  return Buffer.from(toUrlSafe(Buffer.concat([signed, signatureOf(key, signed)]).toString("base64")));
}

/** @throws Error for a token of another key. */
export function unseal(key: string, token: Uint8Array): Buffer {
  const bytes = Buffer.from(Buffer.from(token).toString("latin1"), "base64url");
  const signed = bytes.subarray(0, -32);
  if (!signatureOf(key, signed).equals(bytes.subarray(-32))) throw new Error("the token is not of this key");
  const decipher = createDecipheriv("aes-128-cbc", Buffer.from(key).subarray(16, 32), signed.subarray(9, 25));
  return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()]);
}

const signatureOf = (key: string, signed: Uint8Array): Buffer =>
  createHmac("sha256", Buffer.from(key).subarray(0, 16)).update(signed).digest();

const toUrlSafe = (base64: string): string => base64.replaceAll("+", "-").replaceAll("/", "_");
