import { expect, test } from "vitest";
import { SlabStore } from "../../../../src/protocol/memory/SlabStore.js";

test("lends shared memory, and the same again once it was released", () => {
  const store = new SlabStore({ slabBytes: 100, most: 2, kept: 2 });
  const first = store.take();
  expect(first?.bytes).toHaveLength(100);
  expect(first?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  const second = store.take();
  expect(second?.bytes.buffer).not.toBe(first?.bytes.buffer);
  first?.release();
  expect(store.take()?.bytes.buffer).toBe(first?.bytes.buffer);
});

test("lends no more than it may", () => {
  const store = new SlabStore({ slabBytes: 1, most: 2, kept: 2 });
  const slabs = [store.take(), store.take()];
  expect(store.take()).toBeUndefined();
  slabs[1]?.release();
  expect(store.take()).toBeDefined();
  expect(store.lent).toBe(2);
});

test("a second release of the same slab does nothing: by then it may be another's", () => {
  const store = new SlabStore({ slabBytes: 1, most: 9, kept: 9 });
  const first = store.take();
  first?.release();
  const second = store.take();
  first?.release();
  expect(store.lent).toBe(1);
  expect(store.take()?.bytes.buffer).not.toBe(second?.bytes.buffer);
});

test("keeps no more than it may", () => {
  const store = new SlabStore({ slabBytes: 1, most: 9, kept: 1 });
  const [first, second] = [store.take(), store.take()];
  first?.release();
  second?.release();
  expect([store.take()?.bytes.buffer, store.take()?.bytes.buffer]).toEqual([first?.bytes.buffer, expect.any(SharedArrayBuffer)]);
});
