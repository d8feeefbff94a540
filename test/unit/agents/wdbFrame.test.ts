import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeWdbFrame } from "../../../src/agents/wazuhDb/encodeWdbFrame.js";
import { WdbFrameDecoder, WdbFrameTooLarge } from "../../../src/agents/wazuhDb/WdbFrameDecoder.js";

/** A frame built by hand: length, little-endian, then the text. */
function frame(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  const length = body.length;
  return Buffer.concat([Buffer.from([length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24]), body]);
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}

const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 200 }), { maxLength: 12 });

describe("encoding", () => {
  test("puts the length in bytes in front, little-endian", () => {
    expect(encodeWdbFrame("oké").toString("hex")).toBe("04000000" + Buffer.from("oké").toString("hex"));
  });

  test("equals frames built by hand", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => encodeWdbFrame(text).equals(frame(text))));
  });
});

describe("decoding", () => {
  test("gives the same texts under any cutting of the bytes", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(5000), { maxLength: 30 }), (sent, places) => {
        const decoder = new WdbFrameDecoder(65_536);
        const received = cut(Buffer.concat(sent.map(frame)), places).flatMap((part) => decoder.write(part));
        expect(received).toEqual(sent);
        expect(decoder.isBetweenTexts).toBe(true);
      }),
    );
  });

  test("takes bytes one by one", () => {
    const decoder = new WdbFrameDecoder(100);
    const bytes = Buffer.concat([frame("first"), frame(""), frame("€")]);
    expect([...bytes].flatMap((byte) => decoder.write(Uint8Array.of(byte)))).toEqual(["first", "", "€"]);
  });

  test("keeps no reference to the caller's buffer", () => {
    const decoder = new WdbFrameDecoder(100);
    const bytes = frame("text");
    decoder.write(bytes.subarray(0, 6));
    const rest = Buffer.from(bytes.subarray(6));
    bytes.fill(0);
    expect(decoder.write(rest)).toEqual(["text"]);
  });

  test("knows that a text is unfinished", () => {
    const decoder = new WdbFrameDecoder(100);
    decoder.write(frame("text").subarray(0, 2));
    expect(decoder.isBetweenTexts).toBe(false);
  });

  test("refuses a longer text as soon as its length is told, whatever the length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 101, max: 0xffff_ffff }), (length) => {
        const header = Buffer.alloc(4);
        header.writeUInt32LE(length);
        const decoder = new WdbFrameDecoder(100);
        decoder.write(header.subarray(0, 3));
        // A length below 2^24 can't be known before its last byte.
        expect(() => decoder.write(header.subarray(3))).toThrow(new WdbFrameTooLarge(length, 100));
      }),
    );
  });

  test("accepts a text of exactly the limit", () => {
    expect(new WdbFrameDecoder(5).write(frame("12345"))).toEqual(["12345"]);
  });

  test("survives any bytes: texts, or a refusal", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), (parts) => {
        const decoder = new WdbFrameDecoder(64);
        try {
          for (const part of parts) for (const text of decoder.write(part)) expect(text.length).toBeLessThanOrEqual(64);
        } catch (error) {
          expect(error).toBeInstanceOf(WdbFrameTooLarge);
        }
      }),
    );
  });
});
