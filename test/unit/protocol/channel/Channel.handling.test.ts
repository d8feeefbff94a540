import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import type { Cipher } from "../../../../src/protocol/Cipher.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { channelPair } from "./channelPair.js";
import { rawFrame, readFrame } from "./rawFrames.js";

/** A cipher whose `open` waits until the test lets it go, in the order of the test's choice. */
function heldCipher() {
  const held: { body: string; release: (failure?: Error) => void }[] = [];
  const cipher: Cipher = {
    seal: (payload) => Buffer.from(payload),
    open: (body) =>
      new Promise((resolve, reject) => {
        const release = (failure?: Error) => (failure ? reject(failure) : resolve(Buffer.from(body)));
        held.push({ body: Buffer.from(body).toString(), release });
      }),
  };
  return { held, cipher };
}

describe("a channel's handling of the peer's requests", () => {
  it("goes on reading when bodies leave for another thread, which empties them here", async () => {
    const cipher: Cipher = {
      seal: (payload) => Buffer.from(payload),
      open: async (body) => Buffer.from(structuredClone(body, { transfer: [body.buffer as ArrayBuffer] })),
    };
    const { pair, first } = channelPair({ first: { cipher } });
    const payload = Buffer.alloc(1024 * 1024);
    for (let counter = 1; counter <= 40; counter += 1) {
      first.channel.receive(rawFrame(counter, "file_upd", payload));
      await pair.settle();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(first.requests).toHaveLength(40);
    expect(first.channel.statistics.heldBytes).toBe(0);
    expect(first.link.isPaused).toBe(false);
  });

  it("answers err JSON with the code when the handler throws a MusterError", () => {
    const { first } = channelPair({
      first: {
        onRequest: () => {
          throw MusterError.cluster(3022, "nowhere");
        },
      },
    });
    first.channel.receive(rawFrame(3, "dapi_fwd", "nowhere {}"));
    const frame = readFrame(first.link.writes[0] ?? Buffer.alloc(0));
    expect(frame).toMatchObject({ counter: 3, field: "err --------" });
    expect(JSON.parse(frame.body.toString())).toMatchObject({
      __wazuh_exception__: { __class__: "WazuhClusterError", __object__: { code: 3022, extra_message: "nowhere" } },
    });
  });

  it("answers internal error 1000 with the text when the handler's promise rejects with anything else", async () => {
    const { pair, first } = channelPair({ first: { onRequest: () => Promise.reject(new TypeError("boom")) } });
    first.channel.receive(rawFrame(3, "dapi", "x"));
    await pair.settle();
    const frame = readFrame(first.link.writes[0] ?? Buffer.alloc(0));
    expect(JSON.parse(frame.body.toString())).toMatchObject({
      __wazuh_exception__: { __class__: "WazuhInternalError", __object__: { code: 1000, extra_message: "boom" } },
    });
  });

  it("does not answer again when the handler fails after its answer", async () => {
    const { pair, first } = channelPair({
      first: {
        onRequest: async ({ counter }, channel) => {
          channel.answer(counter, "ok", "");
          throw new Error("afterwards");
        },
      },
    });
    first.channel.receive(rawFrame(3, "echo", ""));
    await pair.settle();
    expect(first.link.writes).toHaveLength(1);
    expect(first.channel.isOpen).toBe(true);
  });

  it("answers err when an answer has a command that no frame can carry", async () => {
    const { pair, first } = channelPair({
      second: { onRequest: ({ counter }, channel) => channel.answer(counter, "far-too-long-a-command", "") },
    });
    const outcome = expect(first.channel.request("echo", "")).rejects.toMatchObject({ code: 3024 });
    await pair.settle();
    await outcome;
  });

  it("answers err when an answer can't be sealed", async () => {
    let calls = 0;
    const cipher: Cipher = {
      seal: (payload) => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error("no thread left")) : Buffer.from(payload);
      },
      open: (body) => Buffer.from(body),
    };
    const { pair, first } = channelPair({ second: { cipher } });
    const outcome = expect(first.channel.request("echo", "")).rejects.toMatchObject({
      code: 1000,
      extraMessage: "no thread left",
    });
    await pair.settle();
    await outcome;
  });

  it("follows the order of arrival, whatever the order in which the cipher finishes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer(), async (count, seed) => {
        const random = seededRandom(seed);
        const { held, cipher } = heldCipher();
        const { pair, first } = channelPair({ first: { cipher } });
        const bodies = Array.from({ length: count }, (_, index) => `message ${index}`);
        first.channel.receive(Buffer.concat(bodies.map((body, index) => rawFrame(index, "echo", body))));
        while (held.length > 0) {
          held.splice(random.below(held.length), 1)[0]?.release();
          if (random.below(2) === 0) await pair.settle();
        }
        await pair.settle();
        expect(first.requests.map(({ payload }) => payload.toString())).toEqual(bodies);
      }),
      { numRuns: 40 },
    );
  });

  it("does not wait for one handler before it calls the next", async () => {
    const { pair, first } = channelPair({ first: { onRequest: () => new Promise(() => undefined) } });
    first.channel.receive(Buffer.concat([rawFrame(1, "dapi", "slow"), rawFrame(2, "echo-c", "keepalive")]));
    await pair.settle();
    expect(first.requests.map(({ command }) => command)).toEqual(["dapi", "echo-c"]);
  });
});

describe("a channel's backpressure", () => {
  it("stops reading while more than receivedBound bytes are being handled, and resumes", async () => {
    const finish: (() => void)[] = [];
    const { pair, first, second } = channelPair({
      second: { receivedBound: 2000, onRequest: () => new Promise((resolve) => finish.push(resolve)) },
    });
    for (let index = 0; index < 10; index += 1)
      first.channel.request("file_upd", Buffer.alloc(600)).catch(() => undefined);
    await pair.settle();
    expect(second.link.isPaused).toBe(true);
    expect(second.requests.length).toBeLessThan(5);
    while (finish.length > 0) {
      for (const done of finish.splice(0)) done();
      await pair.settle();
    }
    expect(second.requests).toHaveLength(10);
    expect(second.link.isPaused).toBe(false);
    expect(second.channel.statistics.heldBytes).toBe(0);
  });

  it("counts messages that wait for decryption", async () => {
    const { held, cipher } = heldCipher();
    const { first } = channelPair({ first: { cipher, receivedBound: 1000 } });
    first.channel.receive(rawFrame(1, "echo", Buffer.alloc(1500)));
    expect(first.link.isPaused).toBe(true);
    held[0]?.release();
    await Promise.resolve();
    await Promise.resolve();
    expect(first.link.isPaused).toBe(false);
  });

  it("bounds the number of messages without a body, too", () => {
    const { first } = channelPair({ first: { receivedBound: 10_000, onRequest: () => new Promise(() => undefined) } });
    for (let index = 0; index < 100; index += 1) first.channel.receive(rawFrame(index, "get_config", ""));
    expect(first.link.isPaused).toBe(true);
  });

  it("stops reading from a peer that does not read its answers", async () => {
    const { pair, first, second } = channelPair({ link: { capacity: 1000 }, second: { receivedBound: 3000 } });
    pair.first.isPaused = true;
    for (let index = 0; index < 50; index += 1) first.channel.request("echo", Buffer.alloc(500)).catch(() => undefined);
    await pair.settle();
    expect(second.link.isPaused).toBe(true);
    expect(second.channel.statistics.heldBytes).toBeLessThan(3000 + 2 * 800);
    pair.first.isPaused = false;
    await pair.settle();
    expect(first.channel.statistics.outstanding).toBe(0);
    expect(second.link.isPaused).toBe(false);
  });

  it("ends the connection of a peer that reads none of its answers for timeoutClusterRequest", async () => {
    const { clock, pair, first, second } = channelPair({ link: { capacity: 1000 }, second: { receivedBound: 3000 } });
    pair.first.isPaused = true;
    for (let index = 0; index < 50; index += 1) first.channel.request("echo", Buffer.alloc(500)).catch(() => undefined);
    await pair.settle();
    clock.advance(19_999);
    expect(second.closings).toEqual([]);
    clock.advance(1);
    expect(second.closings).toMatchObject([{ code: 3018 }]);
    expect(second.closings[0]?.message).toMatch(/did not read \d+ bytes of answers for 20 s/);
  });

  it("holds a sender of many chunks to the bound while the link is congested", async () => {
    const bound = 4000;
    const { pair, first } = channelPair({ link: { capacity: 1000 }, first: { queuedBound: bound } });
    let mostQueued = 0;
    const send = async () => {
      for (let index = 0; index < 40; index += 1) {
        await first.channel.writable();
        first.channel.request("file_upd", Buffer.alloc(900)).catch(() => undefined);
        mostQueued = Math.max(mostQueued, first.channel.statistics.queuedBytes);
      }
    };
    const sent = send();
    for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
    expect(first.link.writes).toHaveLength(2);
    await pair.settle();
    await sent;
    expect(mostQueued).toBeLessThanOrEqual(bound);
    expect(first.link.mostInFlight).toBeLessThanOrEqual(1000 + 920);
  });

  it("writes nothing to a congested link until it has drained", async () => {
    const { pair, first } = channelPair({ link: { capacity: 1 } });
    const answers = ["a", "b", "c"].map((text) => first.channel.request("echo", text));
    expect(first.link.writes).toHaveLength(1);
    pair.step();
    expect(first.link.writes).toHaveLength(2);
    await pair.settle();
    expect((await Promise.all(answers)).map(String)).toEqual(["a", "b", "c"]);
  });

  it("writable() rejects with 3020 when the link takes nothing for timeoutClusterRequest", async () => {
    const { clock, first } = channelPair({ link: { capacity: 1 } });
    first.channel.request("echo", "").catch(() => undefined);
    const outcome = expect(first.channel.writable()).rejects.toMatchObject({ code: 3020 });
    clock.advance(20_000);
    await outcome;
  });

  it("writable() rejects when the connection is lost", async () => {
    const { pair, first } = channelPair({ link: { capacity: 1 } });
    first.channel.request("echo", "").catch(() => undefined);
    const outcome = expect(first.channel.writable()).rejects.toMatchObject({ code: 3018 });
    pair.reset();
    await outcome;
    await expect(first.channel.writable()).rejects.toMatchObject({ code: 3018 });
  });
});

describe("a channel's limits", () => {
  const limits = {
    ...DEFAULT_LIMITS,
    frameBytesBeforeHello: 100,
    frameBytes: 1000,
    messageBytes: 3000,
    dividedMessages: 2,
  };

  it("refuse a frame above frameBytes by closing, without an answer", () => {
    const { first } = channelPair({ first: { limits } });
    first.channel.receive(rawFrame(1, "echo", Buffer.alloc(1001)));
    expect(first.closings).toMatchObject([{ code: 3050 }]);
    expect(first.link.isDestroyed).toBe(true);
    expect(first.link.writes).toHaveLength(0);
  });

  it("refuse a frame above frameBytesBeforeHello until setGreeted", () => {
    for (const greeted of [false, true]) {
      const { first } = channelPair({ first: { limits, greeted } });
      first.channel.receive(rawFrame(1, "hello", Buffer.alloc(101)));
      expect(first.closings.map((error) => error?.code)).toEqual(greeted ? [] : [3050]);
    }
  });

  it("refuse a joined message above frameBytesBeforeHello until setGreeted", () => {
    for (const greeted of [false, true]) {
      const { first } = channelPair({ first: { limits, greeted } });
      for (let part = 0; part < 2; part += 1) first.channel.receive(rawFrame(1, "hello", Buffer.alloc(51), "d"));
      expect(first.closings.map((error) => error?.code)).toEqual(greeted ? [] : [3050]);
    }
  });

  it("refuse a joined message above messageBytes", () => {
    const { first } = channelPair({ first: { limits } });
    for (let part = 0; part < 4; part += 1) first.channel.receive(rawFrame(1, "echo", Buffer.alloc(1000), "d"));
    expect(first.closings).toMatchObject([{ code: 3050 }]);
  });

  it("refuse more divided messages at a time than dividedMessages", () => {
    const { first } = channelPair({ first: { limits } });
    for (let counter = 0; counter < 3; counter += 1) first.channel.receive(rawFrame(counter, "echo", "part", "d"));
    expect(first.closings).toMatchObject([{ code: 3051 }]);
  });

  it("handle what came before the input that ends the connection", () => {
    const { first } = channelPair({ first: { limits } });
    first.channel.receive(rawFrame(8, "echo", "fine"));
    first.channel.receive(Buffer.concat([1, 2, 3].map((counter) => rawFrame(counter, "echo", "part", "d"))));
    expect(first.requests.map(({ payload }) => payload.toString())).toEqual(["fine"]);
  });

  it("hold for any bytes: the channel answers, waits or closes, and never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        const { first } = channelPair({ first: { limits } });
        for (const chunk of chunks) first.channel.receive(chunk);
        expect(first.closings.length).toBe(first.link.isDestroyed ? 1 : 0);
      }),
    );
  });
});
