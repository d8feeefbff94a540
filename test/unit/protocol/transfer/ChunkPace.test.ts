import { describe, expect, it } from "vitest";
import { ChunkPace } from "../../../../src/protocol/transfer/ChunkPace.js";
import { sendFile } from "../../../../src/protocol/transfer/sendFile.js";
import { sendString } from "../../../../src/protocol/transfer/sendString.js";
import { ManualClock } from "../../../support/manualClock.js";
import { piecesOf, transferPair } from "./transferPair.js";

const MOST = 1024 * 1024;
const TIMEOUT = 20;

function paceOf(mostBytes = MOST) {
  const clock = new ManualClock();
  const pace = new ChunkPace({ clock, mostBytes, requestTimeout: TIMEOUT });
  const take = (milliseconds: number, bytes = pace.chunkBytes): Promise<void> =>
    pace.measure(bytes, async () => {
      clock.advance(milliseconds);
    });
  return { pace, take };
}

describe("ChunkPace", () => {
  it("begins small and grows to the largest chunk while chunks are confirmed soon", async () => {
    const { pace, take } = paceOf();
    const sizes = [];
    for (let n = 0; n < 10; n += 1) {
      sizes.push(pace.chunkBytes);
      await take(10);
    }
    expect(sizes).toEqual([4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024].map((kibibytes) => kibibytes * 1024));
  });

  it("shrinks while chunks take long, down to 1 KiB", async () => {
    const { pace, take } = paceOf();
    for (let n = 0; n < 4; n += 1) await take(1);
    const sizes = [];
    for (let n = 0; n < 8; n += 1) {
      sizes.push(pace.chunkBytes);
      await take(5_000);
    }
    expect(sizes).toEqual([64, 32, 16, 8, 4, 2, 1, 1].map((kibibytes) => kibibytes * 1024));
  });

  it.each([1, 4, 16, 64, 256, 1024])("keeps every chunk below a request's time at %d KiB a second", async (rate) => {
    const { pace, take } = paceOf();
    for (let n = 0; n < 200; n += 1) {
      // Two chunks are on their way at a time, and a token has a third more bytes than what is in it.
      const milliseconds = (2 * (pace.chunkBytes + 100) * (4 / 3) * 1000) / (rate * 1024);
      expect(milliseconds).toBeLessThan(TIMEOUT * 1000);
      await take(milliseconds);
    }
  });

  it("lets more chunks be on their way only while the largest ones are confirmed soon", async () => {
    const { pace, take } = paceOf();
    const inFlight = [];
    for (let n = 0; n < 16; n += 1) {
      inFlight.push(pace.chunksInFlight);
      await take(10);
    }
    expect(inFlight).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7, 8, 8]);
    await take(5_000);
    expect(pace.chunksInFlight).toBe(2);
  });

  it("never exceeds a small largest chunk", async () => {
    const { pace, take } = paceOf(100);
    await take(1);
    expect(pace.chunkBytes).toBe(100);
  });

  it("shrinks when a chunk fails, and rejects as it does", async () => {
    const { pace } = paceOf();
    await expect(pace.measure(4 * 1024, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
    expect(pace.chunkBytes).toBe(2 * 1024);
  });

  it("does not grow by chunks that are smaller than they may be", async () => {
    const { pace, take } = paceOf();
    for (let n = 0; n < 20; n += 1) await take(1, 100);
    expect(pace.chunkBytes).toBe(4 * 1024);
  });

  it("gives a file's chunks their size", async () => {
    const { pair, first, seen, disk } = transferPair();
    const content = Buffer.alloc(50_000, "content ");
    const sent = sendFile(first.channel, {
      path: "queue/cluster/w1/file",
      source: piecesOf(content),
      chunkBytes: MOST,
      pace: paceOf().pace,
    });
    await pair.settle();
    await sent;
    expect(disk.contents.get("queue/cluster/w1/file")).toEqual(content);
    const updates = seen.filter(({ command }) => command === "file_upd").length;
    expect(updates).toBeGreaterThan(3);
    expect(updates).toBeLessThan(10);
  });

  it("gives a string's chunks their size", async () => {
    const { pair, first, seen } = transferPair();
    const sent = sendString(first.channel, "content ".repeat(5_000), { chunkBytes: MOST, pace: paceOf().pace });
    await pair.settle();
    await sent;
    expect(seen.filter(({ command }) => command === "str_upd").length).toBeGreaterThan(3);
  });
});
