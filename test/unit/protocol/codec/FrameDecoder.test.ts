import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../../../src/protocol/FrameDecoder.js";
import { SlabStore } from "../../../../src/protocol/memory/SlabStore.js";
import type { Frame } from "../../../../src/protocol/frame.js";

/** A frame's bytes, built here so that the encoder can't hide the decoder's faults. */
function frameBytes(counter: number, field: string, body: Uint8Array): Buffer {
  const header = Buffer.alloc(20);
  new DataView(header.buffer, header.byteOffset).setUint32(0, counter);
  new DataView(header.buffer, header.byteOffset).setUint32(4, body.length);
  header.set(Buffer.from(field, "latin1"), 8);
  return Buffer.concat([header, body]);
}

function headerAnnouncing(bytes: number): Buffer {
  const header = frameBytes(1, "hello ------", Buffer.alloc(0));
  header.writeUInt32BE(bytes, 4);
  return header;
}

function shown({ counter, command, divided, body }: Frame): unknown[] {
  return [counter, command, divided, body.toString("latin1")];
}

const decoder = (maxBodyBytes = 1000) => new FrameDecoder({ maxBodyBytes });

describe("one read", () => {
  test("with one frame gives it", () => {
    const [frame, ...more] = decoder().push(frameBytes(7, "echo -------", Buffer.from("abc")));
    expect(more).toEqual([]);
    expect(frame && shown(frame)).toEqual([7, "echo", false, "abc"]);
    expect(frame?.field.toString()).toBe("echo -------");
  });

  test("with several frames gives them in their order", () => {
    const bytes = Buffer.concat([
      frameBytes(1, "file_upd --d", Buffer.from("a")),
      frameBytes(2, "ok ---------", Buffer.alloc(0)),
      frameBytes(1, "file_upd ---", Buffer.from("b")),
    ]);
    expect(decoder().push(bytes).map(shown)).toEqual([
      [1, "file_upd", true, "a"],
      [2, "ok", false, ""],
      [1, "file_upd", false, "b"],
    ]);
  });

  test("of nothing gives nothing", () => {
    expect(decoder().push(Buffer.alloc(0))).toEqual([]);
  });
});

describe("a frame in several reads", () => {
  const bytes = frameBytes(9, "hello ------", Buffer.from("worker1 wazuh worker 4.3.0"));

  test.each(
    bytes
      .toString("latin1")
      .split("")
      .map((_, at) => at)
      .slice(1),
  )("cut at byte %d", (at) => {
    const one = decoder();
    expect(one.push(bytes.subarray(0, at))).toEqual([]);
    expect(one.push(bytes.subarray(at)).map(shown)).toEqual([[9, "hello", false, "worker1 wazuh worker 4.3.0"]]);
  });

  test("is not idle before its last byte", () => {
    const one = decoder();
    expect(one.idle).toBe(true);
    one.push(bytes.subarray(0, 20));
    expect(one.idle).toBe(false);
    one.push(bytes.subarray(20));
    expect(one.idle).toBe(true);
  });

  test("without a body is complete with its header", () => {
    expect(decoder().push(frameBytes(1, "syn_i_w_m --", Buffer.alloc(0)))).toHaveLength(1);
  });
});

test("any cutting of any frames gives the same frames", () => {
  const frames = fc.array(
    fc.record({
      counter: fc.integer({ min: 0, max: 0xffffffff }),
      field: fc.constantFrom("hello ------", "ok  --------", "file_upd --d", "syn_i_w_m_p ", "sendsyn_resd"),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: 0, max: 20_000 }).map((bytes) => new Uint8Array(bytes).fill(bytes % 251)),
      ),
    }),
    { maxLength: 8 },
  );
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9000 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(frames, sizes, (sent, cuts) => {
      const stream = Buffer.concat(sent.map(({ counter, field, body }) => frameBytes(counter, field, body)));
      const one = decoder(20_000);
      const received: Frame[] = [];
      for (let offset = 0, turn = 0; offset < stream.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        received.push(...one.push(stream.subarray(offset, offset + size)));
        offset += size;
      }
      expect(
        received.map((frame) => [frame.counter, frame.field.toString("latin1"), frame.body.toString("hex")]),
      ).toEqual(sent.map(({ counter, field, body }) => [counter, field, Buffer.from(body).toString("hex")]));
      expect(one.idle).toBe(true);
    }),
  );
});

test("any cutting gives the same frames when the reads share one memory and some bodies are gathered elsewhere", () => {
  const frames = fc.array(
    fc.record({ field: fc.constantFrom("file_upd ---", "file_upd --d", "ok ---------"), bytes: fc.integer({ min: 0, max: 6000 }) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (sent, cuts) => {
      const bodies = sent.map(({ bytes }, index) => Buffer.alloc(bytes, index + 1));
      const stream = Buffer.concat(sent.map(({ field }, index) => frameBytes(index, field, bodies[index] ?? Buffer.alloc(0))));
      const store = new SlabStore({ slabBytes: 4000, most: 2, kept: 2 });
      const one = new FrameDecoder({
        maxBodyBytes: 6000,
        borrow: ({ command, bodyBytes }) => (command === "file_upd" && bodyBytes > 100 && bodyBytes <= 4000 ? store.take() : undefined),
      });
      const received: unknown[] = [];
      const memory = Buffer.alloc(3000);
      for (let offset = 0, turn = 0; offset < stream.length; turn += 1) {
        const read = stream.subarray(offset, offset + (cuts[turn % cuts.length] ?? 1));
        memory.fill(0).set(read);
        for (const { counter, body, slab } of one.push(memory.subarray(0, read.length), true)) {
          received.push([counter, Buffer.from(body)]);
          slab?.release();
        }
        offset += read.length;
      }
      expect(received).toEqual(bodies.map((body, index) => [index, body]));
      expect(store.lent).toBe(0);
    }),
  );
});

test("borrowed memory of a body that never gets whole goes back with the connection", () => {
  const store = new SlabStore({ slabBytes: 1000, most: 2, kept: 2 });
  const one = new FrameDecoder({ maxBodyBytes: 1000, borrow: () => store.take() });
  one.push(frameBytes(1, "file_upd ---", Buffer.alloc(900)).subarray(0, 500));
  expect(store.lent).toBe(1);
  one.clear();
  expect(store.lent).toBe(0);
  expect(one.idle).toBe(true);
});

describe("a header that announces too much", () => {
  test("is error 3050 at once, and says the sizes", () => {
    const attempt = () => decoder(1000).push(headerAnnouncing(1001));
    expect(attempt).toThrow(expect.objectContaining({ code: 3050, errorClass: "WazuhClusterError" }));
    expect(attempt).toThrow("1001 bytes, at most 1000");
  });

  test("is refused when it comes byte by byte, with its last byte", () => {
    const one = decoder(1000);
    const header = headerAnnouncing(4_000_000_000);
    for (const byte of header.subarray(0, 19)) expect(one.push(Buffer.from([byte]))).toEqual([]);
    expect(() => one.push(header.subarray(19))).toThrow(expect.objectContaining({ code: 3050 }));
  });

  test("ends the stream: nothing that follows is read as a frame", () => {
    const one = decoder(1000);
    expect(() => one.push(headerAnnouncing(5000))).toThrow();
    expect(() => one.push(frameBytes(1, "hello ------", Buffer.alloc(0)))).toThrow(
      expect.objectContaining({ code: 3050 }),
    );
  });

  test("is allowed at exactly the limit", () => {
    expect(decoder(1000).push(frameBytes(1, "echo -------", Buffer.alloc(1000)))).toHaveLength(1);
  });

  test("is measured by the limit of the moment", () => {
    const one = decoder(10);
    one.push(frameBytes(1, "hello ------", Buffer.alloc(10)));
    one.maxBodyBytes = 2000;
    expect(one.push(frameBytes(2, "echo -------", Buffer.alloc(2000)))).toHaveLength(1);
    one.maxBodyBytes = 10;
    expect(() => one.push(frameBytes(3, "echo -------", Buffer.alloc(11)))).toThrow();
  });

  test("does not allocate what it announces", () => {
    const one = decoder(4_000_000_000);
    const before = process.memoryUsage().arrayBuffers;
    one.push(headerAnnouncing(3_900_000_000));
    one.push(Buffer.alloc(100));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(one.idle).toBe(false);
  });
});

test("a body that came in one read is a view of it, not a copy", () => {
  const bytes = Buffer.concat([frameBytes(1, "echo -------", Buffer.alloc(5000, 1))]);
  const own = new Uint8Array(bytes);
  const [frame] = decoder(5000).push(own);
  expect(frame?.body.buffer).toBe(own.buffer);
});
