import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteQueue } from "../../../../src/protocol/ByteQueue.js";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Memory behind the pieces that a queue hands out. */
function memoryBehind(queue: ByteQueue): number {
  const seen = new Set<ArrayBufferLike>();
  while (queue.length > 0) seen.add(queue.take(1).buffer);
  return [...seen].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

test("bytes come out in the order in which they came in", () => {
  const queue = new ByteQueue();
  queue.append(bytesOf("abc"));
  queue.append(bytesOf("def"));
  expect(queue.take(2).toString()).toBe("ab");
  expect(queue.take(3).toString()).toBe("cde");
  expect(queue.take(1).toString()).toBe("f");
  expect(queue.length).toBe(0);
});

test("any appends and takes behave like one long buffer", () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 10_000 }));
  const steps = fc.array(fc.record({ append: size, take: size }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (sequence) => {
      const queue = new ByteQueue();
      let model = Buffer.alloc(0);
      let next = 0;
      const handedOut: [Buffer, string][] = [];
      for (const { append, take } of sequence) {
        const chunk = Uint8Array.from({ length: append }, () => (next = (next + 1) % 251));
        queue.append(chunk);
        model = Buffer.concat([model, chunk]);
        const count = Math.min(take, model.length);
        const piece = queue.take(count);
        expect(piece.equals(model.subarray(0, count))).toBe(true);
        handedOut.push([piece, piece.toString("hex")]);
        model = model.subarray(count);
        expect(queue.length).toBe(model.length);
      }
      // What was handed out stays as it was, whatever was appended later.
      for (const [piece, hex] of handedOut) expect(piece.toString("hex")).toBe(hex);
    }),
  );
});

test("taking more than there is throws and takes nothing", () => {
  const queue = new ByteQueue();
  queue.append(bytesOf("abc"));
  expect(() => queue.take(4)).toThrow(RangeError);
  expect(queue.take(3).toString()).toBe("abc");
});

test("taking nothing gives an empty buffer", () => {
  expect(new ByteQueue().take(0)).toHaveLength(0);
});

test("clear forgets everything, and the queue can be used again", () => {
  const queue = new ByteQueue();
  queue.append(bytesOf("abc"));
  queue.append(bytesOf("def"));
  queue.clear();
  expect(queue.length).toBe(0);
  queue.append(bytesOf("xy"));
  expect(queue.take(2).toString()).toBe("xy");
});

describe("memory", () => {
  test("a large chunk is kept by reference", () => {
    const queue = new ByteQueue();
    const chunk = new Uint8Array(10_000);
    queue.append(bytesOf("a"));
    queue.append(chunk);
    queue.take(1);
    expect(queue.take(10_000).buffer).toBe(chunk.buffer);
  });

  test("a stream of single bytes costs about its size", () => {
    const queue = new ByteQueue();
    for (let count = 0; count < 100_000; count += 1) queue.append(new Uint8Array(1));
    expect(memoryBehind(queue)).toBeLessThan(120_000);
  });

  test("a small part of something large does not keep it", () => {
    const queue = new ByteQueue();
    for (let count = 0; count < 10; count += 1) queue.append(new Uint8Array(1_000_000).subarray(0, 5000));
    expect(memoryBehind(queue)).toBeLessThan(100_000);
  });

  test("single bytes between large chunks cost at most some times their size", () => {
    const queue = new ByteQueue();
    for (let count = 0; count < 100; count += 1) {
      queue.append(new Uint8Array(1));
      queue.append(new Uint8Array(4096));
    }
    expect(memoryBehind(queue)).toBeLessThan(100 * 4097 * 2.1);
  });
});
