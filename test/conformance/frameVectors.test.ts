import { describe, expect, test } from "vitest";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { decryptToken, encryptToken, FernetKey } from "../../src/protocol/fernet.js";
import { encodeFrame } from "../../src/protocol/frame.js";
import { encodeMessage } from "../../src/protocol/message.js";

/** The test vectors of dialects.md 1.1. */
describe("hello", () => {
  const key = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
  const payload = Buffer.from("worker1 wazuh worker 4.3.0");
  const header = "000000010000007868656c6c6f202d2d2d2d2d2d";
  const token =
    "gAAAAABgtgBwAAECAwQFBgcICQoLDA0OD1eQNFCmQAopUrpVi4UupujpnIxt4JwX_kvDmaRBtVFWjJ0V1T9sHG6lV0ZkQZi_zFi_QtzwF125jse1ZBli9fg=";

  test("is encrypted to the known token", () => {
    const iv = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    expect(encryptToken(key, payload, 1_622_540_400, iv).toString("latin1")).toBe(token);
  });

  test("is decrypted from the known token", () => {
    expect(decryptToken(key, Buffer.from(token)).toString()).toBe("worker1 wazuh worker 4.3.0");
  });

  test("is framed with the known header", () => {
    const frame = encodeFrame(1, "hello", Buffer.from(token));
    expect(frame.toString("hex", 0, 20)).toBe(header);
    expect(frame.toString("latin1", 20)).toBe(token);
  });
});

describe("sizes of a plain message's frames", () => {
  test.each([
    { body: 0, frames: ["20"] },
    { body: 5_242_860, frames: ["5242880"] },
    { body: 5_242_861, frames: ["5242880 d", "21"] },
    { body: 10_485_720, frames: ["5242880 d", "5242880"] },
    { body: 10_485_740, frames: ["5242880 d", "5242880 d", "40"] },
  ])("$body bytes", ({ body, frames }) => {
    const encoded = encodeMessage({
      counter: 7,
      command: "file_upd",
      body: Buffer.alloc(body),
      requestChunk: zip43.requestChunk,
    });
    const shown = encoded.map((frame) => `${frame.length}${frame[19] === 0x64 ? " d" : ""}`);
    expect(shown).toEqual(frames);
  });
});

test.each([0, 1, 15, 16, 17, 31, 32, 100, 5000, 1_048_577])("the token of %d bytes has the known length", (bytes) => {
  const key = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
  const expected = 4 * Math.ceil((57 + 16 * (Math.floor(bytes / 16) + 1)) / 3);
  expect(encryptToken(key, Buffer.alloc(bytes), 0, Buffer.alloc(16))).toHaveLength(expected);
});
