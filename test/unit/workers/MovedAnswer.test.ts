import { transferableSymbol, valueSymbol } from "piscina";
import { describe, expect, test } from "vitest";
import type { PoolAnswer } from "../../../workers/jobs.js";
import { MovedAnswer } from "../../../workers/MovedAnswer.js";

describe("MovedAnswer", () => {
  test("names the buffer that is to leave the thread, and the plain answer around it", () => {
    const bytes = new Uint8Array(100_000);
    const moved = MovedAnswer.of({ ok: true, result: { bytes } });
    if (!(moved instanceof MovedAnswer)) throw new Error("it was not moved");
    expect(moved[transferableSymbol]).toBe(bytes.buffer);
    expect(moved[valueSymbol]).toEqual({ ok: true, result: { bytes } });
    expect([moved.ok, moved.result.bytes === bytes]).toEqual([true, true]);
  });

  test("copies bytes that share Node's pool, which must not leave the thread", () => {
    const answer: PoolAnswer = { ok: true, result: { bytes: Buffer.from("small") } };
    expect(MovedAnswer.of(answer)).toBe(answer);
  });

  test("leaves answers without bytes of their own as they are", () => {
    const counts: PoolAnswer = { ok: true, result: { bytes: 5, files: 1, sha256: Buffer.alloc(32) } };
    const failed: PoolAnswer = { ok: false, error: { code: 1000, message: "x", extra: null, systemCode: null } };
    expect([MovedAnswer.of(counts), MovedAnswer.of(failed)]).toEqual([counts, failed]);
    expect(MovedAnswer.of(counts)).toBe(counts);
  });
});
