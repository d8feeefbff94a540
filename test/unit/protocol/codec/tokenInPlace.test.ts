import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decryptToken, encryptPieces, encryptToken, FernetKey, openTokenInPlace, tokenBytes } from "../../../../src/protocol/fernet.js";

const KEY = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
const OTHER = FernetKey.fromClusterKey("fedcba9876543210fedcba9876543210");
const IV = Buffer.alloc(16, 7);
/** Around the borders of blocks, of groups of three, and of the slices in which text is converted. */
const LENGTHS = [0, 1, 15, 16, 17, 47, 48, 24_575, 24_576, 24_577, 32_767, 32_768, 98_304, 200_001];

const contentOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => (index * 31) % 251));

function opened(keys: readonly FernetKey[], token: Buffer): Buffer {
  const memory = Buffer.from(new SharedArrayBuffer(token.length + 10)).subarray(10);
  memory.set(token);
  const { start, bytes } = openTokenInPlace(keys, memory);
  return Buffer.from(memory.subarray(start, start + bytes));
}

test.each(LENGTHS)("a payload of %d bytes is found in its token's memory", (length) => {
  const content = contentOf(length);
  expect(opened([KEY], encryptToken(KEY, content, 1, IV)).equals(content)).toBe(true);
});

test("any payload, sealed in pieces of any size, gives the token of the whole, which opens in place", () => {
  const content = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(content, fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 9 }), (payload, cuts) => {
      const whole = encryptToken(KEY, payload, 5, IV);
      const target = Buffer.alloc(whole.length + 5, "x");
      expect(encryptPieces(KEY, piecesOf(payload, cuts), payload.length, 5, IV, target)).toBe(whole.length);
      expect(target.toString("latin1")).toBe(`${whole.toString("latin1")}xxxxx`);
      expect(opened([KEY], whole)).toEqual(Buffer.from(payload));
    }),
  );
});

function* piecesOf(payload: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  const reused = Buffer.alloc(64);
  for (let offset = 0, turn = 0; offset < payload.length; turn += 1) {
    const piece = payload.subarray(offset, offset + Math.max(turn > 20 ? 1 : 0, cuts[turn % cuts.length] ?? 1));
    reused.fill(0).set(piece);
    yield reused.subarray(0, piece.length);
    offset += piece.length;
  }
}

test("a target that is too short is refused before anything is written", () => {
  const target = Buffer.alloc(tokenBytes(100) - 1, "x");
  expect(() => encryptPieces(KEY, [Buffer.alloc(100)], 100, 1, IV, target)).toThrow(RangeError);
  expect(target.every((byte) => byte === "x".charCodeAt(0))).toBe(true);
});

describe("keys", () => {
  test("are tried in their order, and the one that verifies is told", () => {
    const token = encryptToken(OTHER, Buffer.from("content"), 1, IV);
    expect(openTokenInPlace([KEY, OTHER], Buffer.from(token))).toMatchObject({ key: 1, bytes: 7 });
  });

  test("none of which verifies are error 3025", () => {
    const token = encryptToken(OTHER, Buffer.from("content"), 1, IV);
    expect(() => openTokenInPlace([KEY], Buffer.from(token))).toThrow(expect.objectContaining({ code: 3025 }));
  });
});

test("whatever is wrong with a token is refused as it is elsewhere", () => {
  const length = fc.integer({ min: 0, max: 120 });
  fc.assert(
    fc.property(length, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 40 }), (bytes, at, value, cut) => {
      const token = encryptToken(KEY, contentOf(bytes), 1, IV);
      token[at % token.length] = value;
      const bad = token.subarray(0, token.length - cut);
      expect(outcome(() => opened([KEY], bad))).toEqual(outcome(() => Buffer.from(decryptToken(KEY, bad))));
    }),
  );
});

function outcome(open: () => Buffer): unknown {
  try {
    return open();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
