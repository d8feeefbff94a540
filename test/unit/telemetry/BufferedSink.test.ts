import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferedSink } from "../../../src/telemetry/BufferedSink.js";
import type { BufferedSinkOptions } from "../../../src/telemetry/BufferedSink.js";
import type { LogDestination } from "../../../src/telemetry/LogDestination.js";
import { ManualClock } from "../../support/manualClock.js";

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** A destination that keeps bytes; each write first meets the next of `faults` (a code, a byte count, or nothing). */
class ScriptedDestination implements LogDestination {
  text = "";
  writes = 0;
  closed = 0;
  constructor(readonly faults: (string | number | undefined)[] = []) {}

  async write(bytes: Uint8Array): Promise<number> {
    return this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    this.writes += 1;
    const fault = this.faults.shift();
    if (typeof fault === "string") throw systemError(fault);
    const taken = bytes.subarray(0, fault ?? bytes.length);
    this.text += Buffer.from(taken).toString("latin1");
    return taken.length;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function sinkWith(faults: (string | number | undefined)[] = [], options: Partial<BufferedSinkOptions> = {}) {
  const destination = new ScriptedDestination(faults);
  const clock = new ManualClock();
  const events: string[] = [];
  const sink = new BufferedSink(destination, {
    clock,
    onTrouble: (error) => events.push(`trouble ${error.message}`),
    onRecovered: (lines) => events.push(`recovered ${lines}`),
    ...options,
  });
  return { destination, clock, events, sink };
}

/** Lets everything run that waits for no clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe("a working destination", () => {
  it("gets the lines of one turn in one write", async () => {
    const { destination, sink } = sinkWith();
    sink.write("a\n");
    sink.write("b\n");
    await sink.flush();
    expect(destination).toMatchObject({ text: "a\nb\n", writes: 1 });
  });

  it("gets the rest of what it took in part", async () => {
    const { destination, sink } = sinkWith([1, 2]);
    sink.write("abcdef\n");
    await sink.flush();
    expect(destination).toMatchObject({ text: "abcdef\n", writes: 3 });
  });

  it("gets everything in order, however it takes it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 }), { maxLength: 20 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(undefined)), { maxLength: 30 }),
        async (lines, faults) => {
          const { destination, sink } = sinkWith(faults);
          for (const line of lines) {
            sink.write(`${line}\n`);
            if (line.length > 4) await settle();
          }
          await sink.flush();
          expect(destination.text).toBe(lines.map((line) => `${line}\n`).join(""));
        },
      ),
    );
  });

  it("gets large amounts in pieces", async () => {
    const { destination, sink } = sinkWith();
    for (let line = 0; line < 10; line += 1) sink.write(`${"x".repeat(100_000)}\n`);
    await sink.flush();
    expect(destination.text.length).toBe(1_000_010);
    expect(destination.writes).toBeGreaterThan(3);
  });

  it("has nothing to flush in the beginning", async () => {
    const { sink, clock } = sinkWith();
    await sink.flush();
    expect(clock.pending).toBe(0);
  });

  it("leaves no timer behind after a flush", async () => {
    const { sink, clock } = sinkWith();
    sink.write("a\n");
    await sink.flush();
    expect(clock.pending).toBe(0);
  });
});

describe("a full disk", () => {
  it("costs the lines that it refused, is told once, and is tried again", async () => {
    const { destination, events, sink } = sinkWith(["ENOSPC", "ENOSPC"]);
    sink.write("a\n");
    await sink.flush();
    sink.write("b\n");
    await sink.flush();
    expect(events).toEqual(["trouble ENOSPC"]);
    sink.write("c\n");
    await sink.flush();
    expect(events).toEqual(["trouble ENOSPC", "recovered 2"]);
    expect(destination.text).toBe("c\n");
    expect(sink.dropped).toBe(2);
  });

  it("is told again when it comes back", async () => {
    const { events, sink } = sinkWith(["ENOSPC", undefined, "ENOSPC"]);
    for (const line of ["a\n", "b\n", "c\n"]) {
      sink.write(line);
      await sink.flush();
    }
    expect(events).toEqual(["trouble ENOSPC", "recovered 1", "trouble ENOSPC"]);
  });

  it("does not run a half line into the next", async () => {
    const { destination, sink } = sinkWith([3, "ENOSPC"]);
    sink.write("abcdef\n");
    await sink.flush();
    sink.write("next\n");
    await sink.flush();
    expect(destination.text).toBe("abc\nnext\n");
  });
});

describe("a closed pipe", () => {
  it("is given up for good, without harm", async () => {
    const { destination, events, sink } = sinkWith(["EPIPE"]);
    sink.write("a\n");
    await sink.flush();
    sink.write("b\n");
    await sink.flush();
    sink.flushSync();
    expect(destination.writes).toBe(1);
    expect(events).toEqual(["trouble EPIPE"]);
    expect(sink.dropped).toBe(2);
  });

  it("counts also what waited behind it", async () => {
    const { sink } = sinkWith(["EPIPE"]);
    for (let line = 0; line < 4; line += 1) sink.write(`${"x".repeat(200_000)}\n`);
    await sink.flush();
    expect(sink.dropped).toBe(4);
  });
});

describe("a busy destination", () => {
  it("is tried again after a while", async () => {
    const { destination, clock, sink } = sinkWith(["EAGAIN", "EAGAIN"]);
    sink.write("a\n");
    await settle();
    expect(destination.text).toBe("");
    clock.advance(50);
    await settle();
    clock.advance(50);
    await settle();
    expect(destination.text).toBe("a\n");
    expect(sink.dropped).toBe(0);
  });

  it("holds a flush up for its timeout at most", async () => {
    const { clock, sink } = sinkWith(
      Array.from({ length: 1000 }, () => "EAGAIN"),
      { flushTimeout: 500 },
    );
    sink.write("a\n");
    let flushed = false;
    const flushing = sink.flush().then(() => {
      flushed = true;
    });
    await settle();
    clock.advance(499);
    await settle();
    expect(flushed).toBe(false);
    clock.advance(1);
    await flushing;
    expect(flushed).toBe(true);
  });

  it("does not make lines pile up without a bound", async () => {
    const { destination, clock, events, sink } = sinkWith(["EAGAIN"], { mostWaitingBytes: 10 });
    sink.write("12345\n");
    await settle();
    sink.write("123456789\n");
    sink.write("lost\n");
    expect(sink.dropped).toBe(1);
    clock.advance(50);
    await sink.flush();
    expect(destination.text).toBe("12345\n123456789\n");
    expect(events).toEqual(["recovered 1"]);
  });
});

describe("the last moment of a process", () => {
  it("writes at once what waits", () => {
    const { destination, sink } = sinkWith([2]);
    sink.write("a\n");
    sink.write("b\n");
    sink.flushSync();
    expect(destination.text).toBe("a\nb\n");
  });

  it("does not end in an endless loop when the destination stays busy", () => {
    const { destination, sink } = sinkWith(Array.from({ length: 1000 }, () => "EAGAIN"));
    sink.write("a\n");
    sink.flushSync();
    expect(destination.writes).toBe(20);
  });

  it("does not throw when the disk is full", () => {
    const { sink } = sinkWith(["ENOSPC"]);
    sink.write("a\n");
    expect(() => sink.flushSync()).not.toThrow();
  });
});

describe("closing", () => {
  it("writes what waits, closes the destination and drops later lines", async () => {
    const { destination, sink } = sinkWith();
    sink.write("a\n");
    await sink.close();
    sink.write("b\n");
    await sink.flush();
    expect(destination).toMatchObject({ text: "a\n", closed: 1 });
    expect(sink.dropped).toBe(1);
  });

  it("does not fail when the destination does", async () => {
    const { destination, sink } = sinkWith();
    destination.close = () => Promise.reject(systemError("EIO"));
    await expect(sink.close()).resolves.toBeUndefined();
  });
});
