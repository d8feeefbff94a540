import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { FileIndexBuilder, type IndexEntry } from "../../../../src/integrity/FileIndexBuilder.js";
import { ABSENT, IndexRows } from "../../../../src/integrity/IndexRows.js";

const HASH_BYTES = 16;
const hexHash = fc.uint8Array({ minLength: HASH_BYTES, maxLength: HASH_BYTES }).map((bytes) => Buffer.from(bytes).toString("hex"));
const path = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.string({ minLength: 1, unit: fc.constantFrom("a", "b", "/", ".", " ", "\n") }),
  fc.string({ minLength: 1, unit: fc.constantFrom("a", "\ufb01", "😀", "é") }),
);
const entry = fc.record({
  path,
  itemKey: fc.constantFrom("etc/", "etc/rules/", "queue/agent-groups/", "ö/"),
  modTime: fc.double({ noNaN: true, noDefaultInfinity: true }),
  size: fc.maxSafeNat(),
  hash: hexHash,
});
const entries = fc.uniqueArray(entry, { selector: (file) => file.path, maxLength: 40 });
const byBytes = (left: { path: string }, right: { path: string }): number => Buffer.compare(Buffer.from(left.path), Buffer.from(right.path));

function build(files: readonly IndexEntry[]): FileIndex {
  const builder = new FileIndexBuilder(HASH_BYTES);
  for (const file of files) builder.add(file);
  return new FileIndex(builder.finish());
}

const file = (name: string, more: Partial<IndexEntry> = {}): IndexEntry => ({
  path: name,
  itemKey: "etc/",
  modTime: 1.5,
  size: 2,
  hash: "00".repeat(HASH_BYTES),
  ...more,
});

describe("FileIndex", () => {
  test("gives back what was added, in the order of the paths' bytes", () => {
    fc.assert(
      fc.property(entries, (files) => {
        expect([...build(files).entries()]).toEqual([...files].sort(byBytes));
      }),
    );
  });

  test("finds every path that was added", () => {
    fc.assert(
      fc.property(entries, (files) => {
        const index = build(files);
        for (const added of files) expect(index.find(added.path)).toEqual(added);
      }),
    );
  });

  test("finds no other path", () => {
    fc.assert(
      fc.property(entries, path, (files, other) => {
        fc.pre(files.every((added) => added.path !== other));
        expect(build(files).find(other)).toBeUndefined();
      }),
    );
  });

  test("reads the same when all paths are decoded at once", () => {
    fc.assert(
      fc.property(entries, (files) => {
        const index = build(files);
        const one = files.map((_, slot) => index.path(slot));
        index.readPathsAtOnce();
        expect(files.map((_, slot) => index.path(slot))).toEqual(one);
      }),
    );
  });

  test("an index of nothing holds nothing", () => {
    const index = build([]);
    expect([index.size, index.slots, [...index.entries()], index.find("etc/a")]).toEqual([0, 0, [], undefined]);
  });

  test("lies in shared memory, so that jobs get it by reference", () => {
    expect(build([file("etc/a")]).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test("takes 31 bytes a file beside its hash and path, and a header", () => {
    const count = 1000;
    const files = Array.from({ length: count }, (_, number) => file(`etc/${String(number).padStart(6, "0")}`));
    expect(build(files).buffer.byteLength).toBe(32 + '["etc/"]'.length + count * (31 + HASH_BYTES + 10));
  });

  test("keeps the fraction of a modification time to the last bit", () => {
    const modTime = 1795457980.7973995;
    expect(build([file("etc/a", { modTime })]).at(0).modTime).toBe(modTime);
  });

  test("knows a row without a hash as one that needs it", () => {
    const index = build([{ path: "etc/a", itemKey: "etc/", modTime: 1, size: 2 }, file("etc/b")]);
    expect([index.needsHash(0), index.needsHash(1)]).toEqual([true, false]);
  });

  test("passes over absent rows, but keeps their slots", () => {
    const index = build([file("etc/a"), file("etc/b"), file("etc/c")]);
    IndexRows.open(index.buffer, 0).flags[1] = ABSENT;
    expect([...index.entries()].map((found) => found.path)).toEqual(["etc/a", "etc/c"]);
    expect([index.size, index.slots, index.find("etc/b"), index.slotOf("etc/b")]).toEqual([2, 3, undefined, 1]);
    expect([...index.withheld()]).toEqual([]);
  });

  test("passes over withheld rows, but names them", () => {
    const index = build([file("etc/a"), file("etc/b", { withheld: true })]);
    expect([...index.entries()].map((found) => found.path)).toEqual(["etc/a"]);
    expect([...index.withheld()]).toEqual(["etc/b"]);
    expect(index.find("etc/b")).toBeUndefined();
  });

  test("a row can be copied into another index", () => {
    const index = build([file("etc/a", { changeTime: 12.25, hash: "ab".repeat(16) }), file("etc/b", { withheld: true })]);
    const copy = build([index.row(1), index.row(0)]);
    expect([...copy.entries()]).toEqual([...index.entries()]);
    expect([copy.changeTime(0), copy.isWithheld(1)]).toEqual([12.25, true]);
  });

  test("compares paths and hashes across indexes without reading them out", () => {
    const left = build([file("etc/a", { hash: "11".repeat(16) }), file("etc/c")]);
    const right = build([file("etc/a", { hash: "22".repeat(16) }), file("etc/b"), file("etc/c")]);
    expect([left.comparePath(0, right, 0), left.comparePath(1, right, 1) > 0, left.comparePath(0, right, 1) < 0]).toEqual([0, true, true]);
    expect([left.sameHash(0, right, 0), left.sameHash(1, right, 2)]).toEqual([false, true]);
  });

  test("can begin anywhere in a buffer, at a multiple of eight", () => {
    const alone = build([file("etc/a"), file("etc/ü")]);
    const shifted = new SharedArrayBuffer(alone.buffer.byteLength + 24);
    new Uint8Array(shifted, 24).set(new Uint8Array(alone.buffer));
    expect([...new FileIndex(shifted, 24).entries()]).toEqual([...alone.entries()]);
    expect(() => new FileIndex(shifted, 4)).toThrow(TypeError);
  });

  test.each([
    ["an empty buffer", new SharedArrayBuffer(0)],
    ["zeros", new SharedArrayBuffer(64)],
  ])("refuses %s", (_what, buffer) => {
    expect(() => new FileIndex(buffer)).toThrow("not a packed file index");
  });

  test("refuses a table that claims more rows than its buffer holds", () => {
    const { buffer } = build([file("etc/a")]);
    new Uint32Array(buffer, 0, 8)[2] = 1_000_000;
    expect(() => new FileIndex(buffer)).toThrow("not a packed file index");
  });

  test("refuses a table of another layout version", () => {
    const { buffer } = build([file("etc/a")]);
    new Uint32Array(buffer, 0, 8)[1] = 99;
    expect(() => new FileIndex(buffer)).toThrow("not a packed file index");
  });

  test("has no row outside its slots", () => {
    const index = build([file("etc/a")]);
    for (const slot of [-1, 1, Number.NaN]) expect(() => index.at(slot)).toThrow(RangeError);
  });
});

describe("FileIndexBuilder", () => {
  test("refuses a path that came twice, whether next to each other or not", () => {
    expect(() => build([file("etc/a"), file("etc/a")])).toThrow('"etc/a" is twice in one index');
    expect(() => build([file("etc/a"), file("etc/b"), file("etc/a")])).toThrow('"etc/a" is twice in one index');
  });

  test("refuses a hash of another length", () => {
    expect(() => build([file("etc/a", { hash: "abc" })])).toThrow(RangeError);
    expect(() => build([file("etc/a", { hash: new Uint8Array(15) })])).toThrow(RangeError);
  });

  test("takes hashes as bytes too", () => {
    expect(build([file("etc/a", { hash: new Uint8Array(16).fill(0xfe) })]).at(0).hash).toBe("fe".repeat(16));
  });

  test("packs longer hashes, as later dialects have them", () => {
    const builder = new FileIndexBuilder(64);
    builder.add(file("etc/a", { hash: "5c".repeat(64) }));
    expect(new FileIndex(builder.finish()).at(0).hash).toBe("5c".repeat(64));
  });
});
