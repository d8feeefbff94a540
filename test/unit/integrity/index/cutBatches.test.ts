import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_BYTES, BYTES_PER_FILE, cutBatches, LARGEST_BATCH_BYTES, SMALLEST_BATCH } from "../../../../src/integrity/cutBatches.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { FileIndexBuilder } from "../../../../src/integrity/FileIndexBuilder.js";

interface Row {
  readonly size: number;
  readonly hashed: boolean;
}

function draftOf(rows: readonly Row[]): FileIndex {
  const builder = new FileIndexBuilder(16);
  rows.forEach(({ size, hashed }, number) => {
    const path = `etc/${String(number).padStart(6, "0")}`;
    builder.add({ path, itemKey: "etc/", modTime: 1, changeTime: 1, size, ...(hashed ? { hash: new Uint8Array(16) } : {}) });
  });
  return new FileIndex(builder.finish());
}

const many = (count: number, size: number): Row[] => Array.from({ length: count }, () => ({ size, hashed: false }));
const row = fc.record({ size: fc.oneof(fc.nat(5000), fc.nat(20_000_000)), hashed: fc.boolean() });

describe("cutBatches", () => {
  test("covers every row that needs a hash exactly once, in order", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
        const { batches, toHash } = cutBatches(draftOf(rows));
        const covered = batches.flatMap(([from, to]) => rows.slice(from, to).filter(({ hashed }) => !hashed));
        expect(covered).toEqual(rows.filter(({ hashed }) => !hashed));
        expect(toHash).toBe(covered.length);
        batches.forEach(([from, to], position) => expect(from).toBeGreaterThanOrEqual(position === 0 ? 0 : (batches[position - 1]?.[1] ?? to)));
      }),
    );
  });

  test("closes no batch before it is worth a job, but for heavy ones and the last", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
        for (const [from, to] of cutBatches(draftOf(rows)).batches.slice(0, -1)) {
          const batch = rows.slice(from, to).filter(({ hashed }) => !hashed);
          const bytes = batch.reduce((sum, { size }) => sum + size + BYTES_PER_FILE, 0);
          expect(bytes >= LARGEST_BATCH_BYTES || (batch.length >= SMALLEST_BATCH && bytes >= BATCH_BYTES)).toBe(true);
        }
      }),
    );
  });

  test("cuts small files into batches of some megabytes", () => {
    const { batches } = cutBatches(draftOf(many(2000, 4096)));
    expect(new Set(batches.slice(0, -1).map(([from, to]) => to - from))).toEqual(new Set([512]));
  });

  test("gives a heavy file its own batch", () => {
    expect(cutBatches(draftOf(many(3, LARGEST_BATCH_BYTES))).batches).toEqual([[0, 1], [1, 2], [2, 3]]);
  });

  test("puts empty files together too", () => {
    expect(cutBatches(draftOf(many(200, 0))).batches).toEqual([[0, 200]]);
  });

  test("has nothing to cut when all is hashed", () => {
    expect(cutBatches(draftOf([{ size: 1, hashed: true }]))).toEqual({ batches: [], toHash: 0 });
  });
});
