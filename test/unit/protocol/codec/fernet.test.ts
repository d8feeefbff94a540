import { createCipheriv, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decryptToken, encryptToken, FernetKey } from "../../../../src/protocol/fernet.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

const KEY_TEXT = "0123456789abcdef0123456789abcdef";
const key = FernetKey.fromClusterKey(KEY_TEXT);
const iv = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

interface PublishedVector {
  readonly desc?: string;
  readonly token: string;
  readonly now: string;
  readonly iv?: readonly number[];
  readonly src?: string;
  readonly secret: string;
}

interface PythonVector {
  readonly key: string;
  readonly seconds: number;
  readonly iv: string;
  readonly payload: string;
  readonly token: string;
}

function fixture<T>(name: string): T[] {
  const file = new URL(`../../../fixtures/fernet/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as T[];
}

function publishedKey({ secret }: PublishedVector): FernetKey {
  return FernetKey.fromBytes(Buffer.from(secret, "base64"));
}

/** A token put together here from parts that may be wrong, but with a right signature. */
function signedToken(parts: { version?: number; ciphertext: Buffer }): Buffer {
  const time = Buffer.alloc(8);
  const signed = Buffer.concat([Buffer.from([parts.version ?? 0x80]), time, iv, parts.ciphertext]);
  const signature = createHmac("sha256", KEY_TEXT.slice(0, 16)).update(signed).digest();
  const text = Buffer.concat([signed, signature]).toString("base64");
  return Buffer.from(text.replaceAll("+", "-").replaceAll("/", "_"));
}

function aes(blocks: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-cbc", KEY_TEXT.slice(16), iv).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

function refusalOf(token: Uint8Array): MusterError {
  try {
    decryptToken(key, token);
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error("the token was accepted");
}

describe("published vectors", () => {
  test.each(fixture<PublishedVector>("generate"))("generate: $src", (vector) => {
    const seconds = Date.parse(vector.now) / 1000;
    const token = encryptToken(
      publishedKey(vector),
      Buffer.from(vector.src ?? ""),
      seconds,
      Buffer.from(vector.iv ?? []),
    );
    expect(token.toString()).toBe(vector.token);
  });

  test.each(fixture<PublishedVector>("verify"))("verify: $src", (vector) => {
    expect(decryptToken(publishedKey(vector), Buffer.from(vector.token)).toString()).toBe(vector.src);
  });

  // A cluster enforces no time to live, so the two vectors that are only too old or too new are good ones here.
  const isOnlyOutOfTime = ({ desc = "" }: PublishedVector) => /clock skew|TTL/.test(desc);
  const invalid = fixture<PublishedVector>("invalid");

  test.each(invalid.filter((vector) => !isOnlyOutOfTime(vector)))("invalid: $desc", (vector) => {
    expect(() => decryptToken(publishedKey(vector), Buffer.from(vector.token))).toThrow(MusterError);
  });

  test.each(invalid.filter(isOnlyOutOfTime))("valid without a time to live: $desc", (vector) => {
    expect(decryptToken(publishedKey(vector), Buffer.from(vector.token))).toHaveLength(0);
  });
});

describe("tokens of Python's cryptography", () => {
  const vectors = fixture<PythonVector>("cryptography");

  test("are made from the same payload, time and IV", () => {
    expect(vectors.length).toBeGreaterThan(50);
    for (const vector of vectors) {
      const payload = Buffer.from(vector.payload, "base64");
      const token = encryptToken(
        FernetKey.fromClusterKey(vector.key),
        payload,
        vector.seconds,
        Buffer.from(vector.iv, "hex"),
      );
      expect(token.toString()).toBe(vector.token);
    }
  });

  test("are decrypted to their payload", () => {
    for (const vector of vectors) {
      const clear = decryptToken(FernetKey.fromClusterKey(vector.key), Buffer.from(vector.token));
      expect(clear.toString("base64")).toBe(vector.payload);
    }
  });
});

describe("round trip", () => {
  test("of any payload", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (payload, seconds, anyIv) => {
          const token = encryptToken(key, payload, seconds, anyIv);
          expect(Buffer.compare(decryptToken(key, token), payload)).toBe(0);
        },
      ),
    );
  });

  // Large tokens are converted in slices; these sizes lie around the slices' borders.
  test.each([786_350, 786_351, 786_366, 786_367, 786_368, 1_572_800, 3_000_001])("of %d bytes", (bytes) => {
    const payload = Buffer.alloc(bytes, "abcdefg");
    const token = encryptToken(key, payload, 1, iv);
    expect(Buffer.from(token.toString(), "base64url")).toHaveLength((token.length / 4) * 3 - countPadding(token));
    expect(decryptToken(key, token).equals(payload)).toBe(true);
  });

  test("of a view into a larger buffer", () => {
    const large = Buffer.from("xxxxpayloadyyyy");
    const token = encryptToken(key, large.subarray(4, 11), 1, iv);
    const padded = Buffer.concat([Buffer.from("+/"), token, Buffer.from("==")]);
    expect(decryptToken(key, padded.subarray(2, 2 + token.length)).toString()).toBe("payload");
  });

  test("keeps whole seconds of the time", () => {
    expect(encryptToken(key, Buffer.alloc(0), 5.9, iv).equals(encryptToken(key, Buffer.alloc(0), 5, iv))).toBe(true);
  });
});

function countPadding(token: Buffer): number {
  return token.length - token.toString().replace(/=+$/, "").length;
}

describe("a token is refused with error 3025", () => {
  const token = encryptToken(key, Buffer.from("some payload"), 1_622_540_400, iv).toString();

  test("under another key", () => {
    const other = FernetKey.fromClusterKey("f".repeat(32));
    expect(() => decryptToken(other, Buffer.from(token))).toThrow(expect.objectContaining({ code: 3025 }));
  });

  test("after any change of one character", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: token.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(token);
        fc.pre(changed[at] !== byte);
        changed[at] = byte;
        expect(refusalOf(changed).code).toBe(3025);
      }),
      { numRuns: 500 },
    );
  });

  test("after any cutting", () => {
    for (let length = 0; length < token.length; length += 1) {
      expect(refusalOf(Buffer.from(token.slice(0, length))).code).toBe(3025);
    }
  });

  test("for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refusalOf(bytes).code).toBe(3025);
      }),
    );
  });

  test.each([
    ["a line break at the end", `${token}\n`],
    ["four characters that are skipped", `${token.slice(0, 40)}\n\r\t ${token.slice(40)}`],
    ["padding in the middle", `${token.slice(0, 40)}====${token.slice(40)}`],
    ["more padding", `${token}====`],
    ["a padding sign before its last character", `${token.slice(0, -2)}=A`],
    ["no padding", token.replace(/=+$/, "")],
    ["bytes above ASCII", `${token.slice(0, 40)}\u00c3\u00a9\u00c3\u00a9${token.slice(40)}`],
  ])("with %s", (_, text) => {
    expect(refusalOf(Buffer.from(text, "latin1")).code).toBe(3025);
  });

  test("with surplus bits in its last character", () => {
    const padded = encryptToken(key, Buffer.alloc(20), 1, iv).toString();
    expect(padded).toMatch(/[^=]=$/);
    const variants = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      .split("")
      .map((character) => padded.replace(/[^=](=*)$/, `${character}$1`));
    const accepted = variants.filter((text) => {
      try {
        return decryptToken(key, Buffer.from(text)).length === 20;
      } catch {
        return false;
      }
    });
    expect(accepted).toEqual([padded]);
  });

  test.each([
    ["another version", signedToken({ version: 0x81, ciphertext: aes(Buffer.alloc(16, 16)) }), "version"],
    ["half a block", signedToken({ ciphertext: Buffer.alloc(24) }), "whole blocks"],
    ["no block", signedToken({ ciphertext: Buffer.alloc(0) }), "short"],
    ["padding of zero bytes", signedToken({ ciphertext: aes(Buffer.alloc(16, 0)) }), "padding"],
    ["padding of 17 bytes", signedToken({ ciphertext: aes(Buffer.alloc(32, 17)) }), "padding"],
    ["uneven padding", signedToken({ ciphertext: aes(Buffer.from("0123456789abc\x04\x03\x03", "latin1")) }), "padding"],
  ])("with %s under a right signature", (_, bad, reason) => {
    const error = refusalOf(bad);
    expect(error.code).toBe(3025);
    expect(String(error.cause)).toContain(reason);
  });

  test("with a text that holds neither key nor token", () => {
    const error = refusalOf(Buffer.from(`${token.slice(0, -4)}AAAA`));
    const shown = inspect(error, { depth: 10 });
    expect(shown).not.toContain(KEY_TEXT.slice(0, 16));
    expect(shown).not.toContain(token.slice(0, 20));
  });

  test("and one block of full padding is an empty payload", () => {
    expect(decryptToken(key, signedToken({ ciphertext: aes(Buffer.alloc(16, 16)) }))).toHaveLength(0);
  });
});

describe("a cluster key", () => {
  test.each([
    ["of 31 characters", "a".repeat(31)],
    ["of 33 characters", "a".repeat(33)],
    ["with a dash", `-${"a".repeat(31)}`],
    ["with a character beyond ASCII", `é${"a".repeat(31)}`],
    ["with a line break at the end", `${"a".repeat(32)}\n`],
  ])("%s is refused without being repeated", (_, bad) => {
    const attempt = () => FernetKey.fromClusterKey(bad);
    expect(attempt).toThrow(expect.objectContaining({ code: 3004 }));
    expect(attempt).not.toThrow(bad);
  });

  test("that is empty is called unspecified", () => {
    expect(() => FernetKey.fromClusterKey("")).toThrow("Error in cluster configuration: Unspecified key");
  });

  test("shows in no log", () => {
    expect(inspect(key, { depth: 10, showHidden: true }) + JSON.stringify(key)).not.toContain("0123456789");
  });
});

test("raw keys of another length are refused", () => {
  expect(() => FernetKey.fromBytes(Buffer.alloc(31))).toThrow(RangeError);
});

test("an IV of another length is refused", () => {
  expect(() => encryptToken(key, Buffer.alloc(1), 1, Buffer.alloc(15))).toThrow();
});
