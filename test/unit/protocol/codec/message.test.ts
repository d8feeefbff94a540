import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../../../src/protocol/FrameDecoder.js";
import type { Frame } from "../../../../src/protocol/frame.js";
import { encodeMessage, MessageAssembler } from "../../../../src/protocol/message.js";

const fieldOf = (frame: Buffer): string => frame.toString("latin1", 8, 20);
const lengthOf = (frame: Buffer): number => frame.readUInt32BE(4);

/** A frame as the decoder gives it, put together here. */
function part(counter: number, command: string, body: string | Uint8Array, divided: boolean): Frame {
  const field = Buffer.from(`${command} `.padEnd(12, "-").slice(0, 11) + (divided ? "d" : "-"));
  return { counter, command, divided, field, body: Buffer.from(body) };
}

function assembler(messageBytes = 1000, dividedMessages = 3): MessageAssembler {
  return new MessageAssembler({ messageBytes, dividedMessages });
}

describe("encodeMessage", () => {
  const divide = (body: number, command = "file_upd", requestChunk = 30): Buffer[] =>
    encodeMessage({ counter: 5, command, body: Buffer.alloc(body, "x"), requestChunk });

  test("leaves a message of exactly one chunk whole", () => {
    expect(divide(10).map(fieldOf)).toEqual(["file_upd ---"]);
  });

  test("divides a message that is one byte larger", () => {
    expect(divide(11).map((frame) => [fieldOf(frame), lengthOf(frame)])).toEqual([
      ["file_upd --d", 10],
      ["file_upd ---", 1],
    ]);
  });

  test("leaves no empty last part", () => {
    expect(divide(20).map(lengthOf)).toEqual([10, 10]);
  });

  test("gives all parts the same counter", () => {
    expect(divide(55).map((frame) => frame.readUInt32BE(0))).toEqual([5, 5, 5, 5, 5, 5]);
  });

  test("ends the last part of an 11-byte command with a dash, an undivided one with a blank", () => {
    expect(divide(11, "sendsyn_res").map(fieldOf)).toEqual(["sendsyn_resd", "sendsyn_res-"]);
    expect(divide(10, "sendsyn_res").map(fieldOf)).toEqual(["sendsyn_res "]);
  });

  test("keeps the blank of special answers", () => {
    expect(divide(0, "ok ").map(fieldOf)).toEqual(["ok  --------"]);
    expect(divide(0, "ok-m ").map(fieldOf)).toEqual(["ok-m  ------"]);
  });

  test("refuses a command that is too long", () => {
    expect(() => divide(1, "sync_i_w_m_p")).toThrow(expect.objectContaining({ code: 3024 }));
  });

  test("refuses a chunk without room for a body", () => {
    expect(() => divide(1, "echo", 20)).toThrow(RangeError);
  });
});

describe("MessageAssembler", () => {
  test("passes a whole message on", () => {
    expect(assembler().accept(part(1, "echo", "abc", false))).toEqual({
      counter: 1,
      command: "echo",
      body: Buffer.from("abc"),
    });
  });

  test("joins the parts of a divided message", () => {
    const one = assembler();
    expect(one.accept(part(1, "file_upd", "ab", true))).toBeUndefined();
    expect(one.accept(part(1, "file_upd", "cd", true))).toBeUndefined();
    expect(one.accept(part(1, "file_upd", "e", false))?.body.toString()).toBe("abcde");
  });

  test("counts the messages that are open", () => {
    const one = assembler();
    one.accept(part(1, "a", "x", true));
    one.accept(part(2, "a", "x", true));
    expect(one.openMessages).toBe(2);
    one.accept(part(1, "a", "x", false));
    expect(one.openMessages).toBe(1);
  });

  test("joins interleaved messages by their counters", () => {
    const one = assembler();
    one.accept(part(1, "a", "1", true));
    one.accept(part(2, "a", "2", true));
    expect(one.accept(part(3, "a", "3", false))?.body.toString()).toBe("3");
    one.accept(part(1, "a", "1", true));
    expect(one.accept(part(2, "a", "2", false))?.body.toString()).toBe("22");
    expect(one.accept(part(1, "a", "1", false))?.body.toString()).toBe("111");
  });

  test("keeps an answer apart from a half-sent request that happens to have its counter", () => {
    const one = assembler();
    one.accept(part(1, "file_upd", "half", true));
    expect(one.accept(part(1, "ok", "answer", false))?.body.toString()).toBe("answer");
    expect(one.accept(part(1, "file_upd", "rest", false))?.body.toString()).toBe("halfrest");
  });

  test("begins anew after a message's end", () => {
    const one = assembler();
    one.accept(part(1, "a", "x", true));
    one.accept(part(1, "a", "y", false));
    expect(one.accept(part(1, "a", "z", false))?.body.toString()).toBe("z");
  });

  test("forgets everything on clear", () => {
    const one = assembler();
    one.accept(part(1, "a", "x", true));
    one.clear();
    expect(one.openMessages).toBe(0);
    expect(one.accept(part(1, "a", "y", false))?.body.toString()).toBe("y");
  });

  test("takes a message of exactly the limit", () => {
    const one = assembler(10);
    one.accept(part(1, "a", "12345", true));
    expect(one.accept(part(1, "a", "67890", false))?.body).toHaveLength(10);
  });

  test("refuses a joined message beyond the limit with error 3050, and drops it", () => {
    const one = assembler(10);
    one.accept(part(1, "a", "12345", true));
    expect(() => one.accept(part(1, "a", "678901", true))).toThrow(expect.objectContaining({ code: 3050 }));
    expect(one.openMessages).toBe(0);
  });

  test("refuses an undivided message beyond the limit too", () => {
    expect(() => assembler(10).accept(part(1, "a", "12345678901", false))).toThrow(
      expect.objectContaining({ code: 3050 }),
    );
  });

  test("refuses one open message too many with error 3051", () => {
    const one = assembler(1000, 2);
    one.accept(part(1, "a", "x", true));
    one.accept(part(2, "a", "x", true));
    expect(() => one.accept(part(3, "a", "x", true))).toThrow(expect.objectContaining({ code: 3051 }));
    expect(one.accept(part(3, "a", "x", false))?.body.toString()).toBe("x");
    expect(one.accept(part(1, "a", "y", false))?.body.toString()).toBe("xy");
  });

  test("holds no object per part, so endless empty parts cost nothing", () => {
    const one = assembler(10);
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 300_000; count += 1) {
      one.accept({ counter: 1, command: "a", divided: true, field: EMPTY, body: EMPTY });
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
    expect(one.accept(part(1, "a", "end", false))?.body.toString()).toBe("end");
  });
});

const EMPTY = Buffer.alloc(0);

test("any messages, divided at any size and interleaved in any way, come out as they went in", () => {
  const messages = fc.array(
    fc.record({ command: fc.constantFrom("file_upd", "sendsyn_res", "ok"), body: fc.uint8Array({ maxLength: 200 }) }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(
      messages,
      fc.integer({ min: 21, max: 90 }),
      fc.infiniteStream(fc.nat(4)),
      (sent, requestChunk, order) => {
        const queues = sent.map(({ command, body }, counter) =>
          encodeMessage({ counter, command, body, requestChunk }),
        );
        const decoder = new FrameDecoder({ maxBodyBytes: requestChunk });
        const one = assembler(200, 5);
        const received = new Map<number, string>();
        while (queues.some((queue) => queue.length > 0)) {
          const waiting = queues.filter((queue) => queue.length > 0);
          const bytes = waiting[(order.next().value ?? 0) % waiting.length]?.shift() ?? EMPTY;
          expect(bytes.length).toBeLessThanOrEqual(requestChunk);
          for (const frame of decoder.push(bytes)) {
            const message = one.accept(frame);
            if (message) received.set(message.counter, `${message.command} ${message.body.toString("hex")}`);
          }
        }
        const expected = sent.map(({ command, body }, counter) => [
          counter,
          `${command} ${Buffer.from(body).toString("hex")}`,
        ]);
        expect([...received].sort(([a], [b]) => a - b)).toEqual(expected);
        expect(one.openMessages).toBe(0);
      },
    ),
  );
});
