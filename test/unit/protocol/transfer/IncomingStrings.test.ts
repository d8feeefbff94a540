import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IncomingStrings } from "../../../../src/protocol/transfer/IncomingStrings.js";
import { seededRandom } from "../../../support/seededRandom.js";

const strings = (limits = { openStrings: 4, stringBytes: 10_000 }, random = seededRandom(1)) =>
  new IncomingStrings({ random, limits });

describe("a string that arrives", () => {
  it("has a random u32 in decimal as its id", () => {
    const id = strings().open(3);
    expect(id).toBe(String(seededRandom(1).uint32()));
  });

  it("gets another id when the first one is in use", () => {
    const values = [7, 7, 7, 9];
    const incoming = strings(undefined, { ...seededRandom(1), uint32: () => values.shift() ?? 0 });
    expect([incoming.open(1), incoming.open(1)]).toEqual(["7", "9"]);
  });

  it("is equal to what was sent, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), (pieces) => {
        const incoming = strings();
        const whole = Buffer.concat(pieces);
        const id = incoming.open(whole.length);
        for (const piece of pieces) incoming.update(id, Buffer.from(piece));
        expect(incoming.take(id)).toEqual(whole);
        expect(incoming.receivedBytes).toBe(0);
      }),
    );
  });

  it("ends at its announced length: surplus bytes are ignored", () => {
    const incoming = strings();
    const id = incoming.open(5);
    incoming.update(id, Buffer.from("abc"));
    incoming.update(id, Buffer.from("defghi"));
    incoming.update(id, Buffer.from("jkl"));
    expect(incoming.take(id)?.toString()).toBe("abcde");
  });

  it("is what has arrived when it is taken early", () => {
    const incoming = strings();
    const id = incoming.open(100);
    incoming.update(id, Buffer.from("half"));
    expect(incoming.take(id)?.toString()).toBe("half");
  });

  it("can be taken once", () => {
    const incoming = strings();
    const id = incoming.open(0);
    expect(incoming.take(id)).toEqual(Buffer.alloc(0));
    expect(incoming.take(id)).toBeUndefined();
  });

  it("allocates nothing for its announced length", () => {
    const incoming = strings({ openStrings: 1000, stringBytes: Number.MAX_SAFE_INTEGER });
    for (let count = 0; count < 1000; count += 1) incoming.open(2 ** 50);
    expect(incoming.openStrings).toBe(1000);
  });
});

describe("a string that is refused", () => {
  it("is longer than stringBytes", () => {
    expect(() => strings().open(10_001)).toThrow(
      expect.objectContaining({ code: 1000, extraMessage: expect.stringContaining("stringBytes") }),
    );
  });

  it("exceeds stringBytes together with the peer's others, and goes", () => {
    const incoming = strings();
    const [first, second] = [incoming.open(6000), incoming.open(6000)];
    incoming.update(first, Buffer.alloc(6000));
    expect(() => incoming.update(second, Buffer.alloc(6000))).toThrow(expect.objectContaining({ code: 1000 }));
    expect(incoming.take(second)).toBeUndefined();
    expect(incoming.take(first)).toHaveLength(6000);
  });

  it("has an unknown id: error 1000 with the id alone, as the reference has it", () => {
    expect(() => strings().update("1", Buffer.from("x"))).toThrow(
      expect.objectContaining({ code: 1000, extraMessage: "b'1'" }),
    );
  });
});

describe("strings that nobody takes", () => {
  it("make room for the next, the one touched longest ago first", () => {
    const incoming = strings();
    const ids = Array.from({ length: 4 }, () => incoming.open(10));
    incoming.update(ids[0] ?? "", Buffer.from("x"));
    const next = incoming.open(10);
    expect([...ids, next].map((id) => incoming.take(id) !== undefined)).toEqual([true, false, true, true, true]);
    expect(incoming.expired).toBe(1);
  });

  it("give their bytes back", () => {
    const incoming = strings();
    for (let count = 0; count < 50; count += 1) incoming.update(incoming.open(2000), Buffer.alloc(2000));
    expect(incoming.receivedBytes).toBe(8000);
    expect(incoming.openStrings).toBe(4);
  });

  it("go with the connection", () => {
    const incoming = strings();
    const id = incoming.open(3);
    incoming.update(id, Buffer.from("abc"));
    incoming.discardAll();
    expect([incoming.take(id), incoming.receivedBytes]).toEqual([undefined, 0]);
  });
});

describe("err_str", () => {
  it("drops a reserved string of that length", () => {
    const incoming = strings();
    const id = incoming.open(10);
    expect(incoming.dropEmpty(10)).toBe(id);
    expect(incoming.take(id)).toBeUndefined();
  });

  it("drops no string of another length, and none that has bytes", () => {
    const incoming = strings();
    incoming.open(11);
    incoming.update(incoming.open(10), Buffer.from("x"));
    expect(incoming.dropEmpty(10)).toBeUndefined();
    expect(incoming.openStrings).toBe(2);
  });
});
