import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FernetCipher } from "../../../../src/protocol/Cipher.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import { FernetKey } from "../../../../src/protocol/fernet.js";
import { HEADER_BYTES } from "../../../../src/protocol/frame.js";
import { sendFile } from "../../../../src/protocol/transfer/sendFile.js";
import { ManualClock } from "../../../support/manualClock.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { commandsOf, piecesOf, transferPair } from "./transferPair.js";

const PATH = "queue/cluster/worker1/worker1-1.5-2.zip";

describe("sendFile", () => {
  it("sends new_file, file_upd and file_end with the path's leading slash and the raw SHA-256", async () => {
    const { pair, first, seen } = transferPair();
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf("hello"), chunkBytes: 100 });
    await pair.settle();
    const sha256 = createHash("sha256").update("hello").digest();
    expect(await sent).toEqual({ bytes: 5, sha256, cancelled: false });
    expect(seen).toEqual([
      { command: "new_file", payload: Buffer.from(`/${PATH}`) },
      { command: "file_upd", payload: Buffer.from(`/${PATH} hello`) },
      { command: "file_end", payload: Buffer.concat([Buffer.from(`/${PATH} `), sha256]) },
    ]);
  });

  it("stops after the chunk on its way when the peer gives the transfer up, and ends the file all the same", async () => {
    const { pair, first, seen } = transferPair();
    let confirmed = 0;
    const sent = sendFile(first.channel, {
      path: PATH,
      source: piecesOf("a".repeat(1000)),
      chunkBytes: 100,
      isCancelled: () => confirmed >= 200,
      onProgress: (bytes) => (confirmed = bytes),
    });
    await pair.settle();
    const { bytes, cancelled } = await sent;
    expect(cancelled).toBe(true);
    expect(bytes).toBeLessThan(1000);
    expect(seen.at(-1)?.command).toBe("file_end");
  });

  it("is told as given up, too, when the hash of the whole file is known before and the peer refuses it", async () => {
    const { pair, first, seen } = transferPair();
    let confirmed = 0;
    const sent = sendFile(first.channel, {
      path: PATH,
      source: {
        bytes: 1000,
        sha256: Buffer.alloc(32, 1),
        seal: (prefix, _position, length) => {
          const payload = Buffer.concat([prefix, Buffer.alloc(length, "a")]);
          const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload]);
          return Promise.resolve({ slab: { bytes, release: () => undefined }, bytes: payload.length });
        },
      },
      chunkBytes: 100,
      isCancelled: () => confirmed >= 200,
      onProgress: (bytes) => (confirmed = bytes),
    });
    await pair.settle();
    const { bytes, cancelled } = await sent;
    expect([cancelled, bytes < 1000]).toEqual([true, true]);
    expect(seen.at(-1)?.command).toBe("file_end");
  });

  it("is an error, however, when a file that was given up can't be ended", async () => {
    const { pair, first } = transferPair({ intercept: (command) => (command === "file_end" ? "silence" : undefined) });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf("a"), chunkBytes: 100, isCancelled: () => true });
    const outcome = expect(sent).rejects.toMatchObject({ code: 3018 });
    await pair.settle();
    pair.reset();
    await outcome;
  });

  it("sends one empty file_upd for an empty file", async () => {
    const { pair, first, seen, disk } = transferPair();
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf(), chunkBytes: 100 });
    await pair.settle();
    expect((await sent).bytes).toBe(0);
    expect(seen[1]).toEqual({ command: "file_upd", payload: Buffer.from(`/${PATH} `) });
    expect(disk.contents.get(PATH)).toEqual(Buffer.alloc(0));
  });

  it("delivers any content, however its source and the link cut it", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 300 }), fc.integer(), async (content, chunkBytes, seed) => {
        const random = seededRandom(seed);
        const cipher = () =>
          new FernetCipher({
            keys: [FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef")],
            clock: new ManualClock(),
            random,
          });
        const { pair, first, disk } = transferPair({
          link: { capacity: 200 + random.below(2000), cut: (available) => 1 + random.below(available) },
          first: { cipher: cipher() },
          second: { cipher: cipher() },
        });
        const sent = sendFile(first.channel, { path: PATH, source: piecesOf(...content), chunkBytes });
        await pair.settle();
        expect((await sent).bytes).toBe(Buffer.concat(content).length);
        expect(disk.contents.get(PATH)).toEqual(Buffer.concat(content));
      }),
      { numRuns: 40 },
    );
  });

  it("cuts so that no message is divided, whatever chunkBytes says", async () => {
    const dialect = { ...zip43, requestChunk: 400 };
    const key = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
    const cipher = new FernetCipher({ keys: [key], clock: new ManualClock(), random: seededRandom(1) });
    const { pair, first, disk } = transferPair({ first: { dialect, cipher }, second: { cipher } });
    const content = seededRandom(2).bytes(2000);
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf(content), chunkBytes: 1_000_000 });
    await pair.settle();
    await sent;
    expect(disk.contents.get(PATH)).toEqual(content);
    expect(first.link.writes.map((frame) => String.fromCharCode(frame[19] ?? 0))).not.toContain("d");
    expect(Math.max(...first.link.writes.map((frame) => frame.length))).toBeGreaterThan(370);
  });

  it("reports the bytes that the peer has confirmed", async () => {
    const { pair, first } = transferPair();
    const progress: number[] = [];
    const onProgress = (bytes: number) => progress.push(bytes);
    const sent = sendFile(first.channel, {
      path: PATH,
      source: piecesOf(Buffer.alloc(25)),
      chunkBytes: 10,
      onProgress,
    });
    await pair.settle();
    await sent;
    expect(progress).toEqual([10, 20, 25]);
  });

  it("reads no further than the chunk after the one that waits for its answer", async () => {
    let reads = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; reads < 100; reads += 1) yield Buffer.alloc(10);
    }
    const { pair, first } = transferPair({ intercept: (command) => (command === "file_upd" ? "silence" : undefined) });
    const abort = new AbortController();
    const sent = sendFile(first.channel, { path: PATH, source: source(), chunkBytes: 10, signal: abort.signal });
    await pair.settle();
    expect(reads).toBeLessThanOrEqual(2);
    expect(first.channel.statistics.outstanding).toBe(2);
    abort.abort();
    await expect(sent).rejects.toThrow();
  });

  it("holds at most two chunks while the link is congested", async () => {
    const { pair, first } = transferPair({ link: { capacity: 1000 } });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf(Buffer.alloc(100_000)), chunkBytes: 5000 });
    let mostQueued = 0;
    for (let turn = 0; turn < 2000; turn += 1) {
      pair.step();
      mostQueued = Math.max(mostQueued, first.channel.statistics.queuedBytes);
      await Promise.resolve();
    }
    await pair.settle();
    await sent;
    expect(mostQueued).toBeLessThanOrEqual(5100);
    expect(first.link.mostInFlight).toBeLessThanOrEqual(2 * 5100);
  });

  it("lets a source reuse its buffer", async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(4);
      for (const text of ["one ", "two ", "six "]) {
        buffer.write(text);
        yield buffer;
      }
    }
    const { pair, first, disk } = transferPair();
    const sent = sendFile(first.channel, { path: PATH, source: source(), chunkBytes: 6 });
    await pair.settle();
    await sent;
    expect(disk.contents.get(PATH)?.toString()).toBe("one two six ");
  });
});

describe("sendFile fails", () => {
  const answering = (at: string, text: string) => (command: string) =>
    command === at ? { command: "err", payload: text } : undefined;

  it.each(["new_file", "file_upd", "file_end"])("when %s is answered err, with the peer's text", async (command) => {
    const { pair, first } = transferPair({ intercept: answering(command, "no room") });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf(Buffer.alloc(50)), chunkBytes: 10 });
    const outcome = expect(sent).rejects.toMatchObject({ code: 3000, extraMessage: "no room" });
    await pair.settle();
    await outcome;
  });

  it("and sends nothing more after the failure but what was on its way", async () => {
    const { pair, first, seen } = transferPair({ intercept: answering("file_upd", "no room") });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf(Buffer.alloc(500)), chunkBytes: 10 });
    sent.catch(() => undefined);
    await pair.settle();
    await expect(sent).rejects.toThrow();
    expect(commandsOf(seen)).toEqual(["new_file", "file_upd*2"]);
  });

  it("with 3020 when the peer falls silent", async () => {
    const { clock, pair, first } = transferPair({
      intercept: (command) => (command === "file_end" ? "silence" : undefined),
    });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf("x"), chunkBytes: 10 });
    const outcome = expect(sent).rejects.toMatchObject({ code: 3020, extraMessage: "file_end" });
    await pair.settle();
    clock.advance(20_000);
    await outcome;
  });

  it("with 3018 when the connection is lost", async () => {
    const { pair, first } = transferPair({ intercept: (command) => (command === "file_upd" ? "silence" : undefined) });
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf("x"), chunkBytes: 10 });
    const outcome = expect(sent).rejects.toMatchObject({ code: 3018 });
    await pair.settle();
    pair.reset();
    await outcome;
  });

  it("with the source's error, and closes the source", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from("x");
        throw new Error("the disk is gone");
      } finally {
        closed = true;
      }
    }
    const { pair, first } = transferPair();
    const outcome = expect(sendFile(first.channel, { path: PATH, source: source(), chunkBytes: 10 })).rejects.toThrow(
      "the disk is gone",
    );
    await pair.settle();
    await outcome;
    expect(closed).toBe(true);
  });

  it("at once when it is aborted, even while its source hangs", async () => {
    let returned = false;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          returned = true;
          return new Promise(() => undefined);
        },
      }),
    };
    const { pair, first } = transferPair();
    const abort = new AbortController();
    const sent = sendFile(first.channel, { path: PATH, source, chunkBytes: 10, signal: abort.signal });
    await pair.settle();
    const reason = new Error("left the state");
    abort.abort(reason);
    await expect(sent).rejects.toBe(reason);
    expect(returned).toBe(true);
  });

  it("at once when it is aborted while the link is congested", async () => {
    const { pair, first } = transferPair({ link: { capacity: 30 } });
    const abort = new AbortController();
    const sent = sendFile(first.channel, {
      path: PATH,
      source: piecesOf(Buffer.alloc(50)),
      chunkBytes: 10,
      signal: abort.signal,
    });
    pair.second.isPaused = true;
    await pair.settle();
    abort.abort(new Error("left the state"));
    await expect(sent).rejects.toThrow("left the state");
  });

  it.each(["/queue/cluster/w/a", "queue/cluster/w/a b", "../a", "", "queue//a"])(
    "for a path like %j, before anything is sent",
    async (path) => {
      const { first } = transferPair();
      await expect(sendFile(first.channel, { path, source: piecesOf("x"), chunkBytes: 10 })).rejects.toMatchObject({
        code: 1000,
      });
      expect(first.link.writes).toHaveLength(0);
    },
  );

  it.each([0, -1, Number.NaN])("for chunks of %d bytes", async (chunkBytes) => {
    const { first } = transferPair();
    await expect(sendFile(first.channel, { path: PATH, source: piecesOf("x"), chunkBytes })).rejects.toThrow(
      RangeError,
    );
  });

  it("when the peer's disk is full, with the peer's reason", async () => {
    const { pair, first, disk } = transferPair();
    disk.failures.set("append", Object.assign(new Error("no space"), { code: "ENOSPC" }));
    const sent = sendFile(first.channel, { path: PATH, source: piecesOf("x"), chunkBytes: 10 });
    const outcome = expect(sent).rejects.toMatchObject({
      code: 1000,
      extraMessage: expect.stringContaining("disk is full"),
    });
    await pair.settle();
    await outcome;
    expect(disk.contents.size).toBe(0);
  });
});
