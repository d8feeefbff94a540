import { describe, expect, it } from "vitest";
import { FernetCipher } from "../../../../src/protocol/Cipher.js";
import type { Cipher } from "../../../../src/protocol/Cipher.js";
import { FernetKey } from "../../../../src/protocol/fernet.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { ManualClock } from "../../../support/manualClock.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { channelPair } from "./channelPair.js";
import { rawFrame } from "./rawFrames.js";

const silent = { onRequest: () => undefined };

describe("a channel whose connection is lost", () => {
  it("rejects its outstanding requests with 3018 and what was lost", async () => {
    const { pair, first } = channelPair({ second: silent });
    const outcome = expect(first.channel.request("syn_m_c_e", "7 x")).rejects.toMatchObject({
      code: 3018,
      extraMessage: "syn_m_c_e was not answered: the connection broke: read ECONNRESET (peer 192.0.2.1)",
    });
    await pair.settle();
    pair.reset();
    await outcome;
  });

  it("keeps the system's error as cause", async () => {
    const { pair, first } = channelPair({ second: silent });
    const answer = first.channel.request("echo", "");
    const failure = answer.then(
      () => undefined,
      (error: unknown) => error,
    );
    const reset = new Error("read ECONNRESET");
    pair.reset(reset);
    expect(((await failure) as { cause: { cause: unknown } }).cause.cause).toBe(reset);
  });

  it("tells its owner once, with the error", () => {
    const { pair, first } = channelPair();
    pair.reset();
    first.channel.linkClosed();
    first.channel.destroy(MusterError.cluster(3018));
    expect(first.closings).toMatchObject([{ code: 3018 }]);
  });

  it("tells its owner null when the peer closed in order", async () => {
    const { pair, first, second } = channelPair();
    second.link.end();
    await pair.settle();
    expect(first.closings).toEqual([null]);
  });

  it("hands on the answer that came with the end", async () => {
    let release = (): void => undefined;
    const cipher: Cipher = {
      seal: (payload) => Buffer.from(payload),
      open: (body) => new Promise((resolve) => (release = () => resolve(Buffer.from(body)))),
    };
    const { first } = channelPair({ first: { cipher, random: { uint32: () => 4 } } });
    const answer = first.channel.request("hello", "w c worker 4.3.0");
    first.channel.receive(rawFrame(4, "err", "no"));
    first.channel.linkClosed();
    expect(first.closings).toEqual([]);
    release();
    await expect(answer).rejects.toMatchObject({ code: 3000, extraMessage: "no" });
    expect(first.closings).toEqual([null]);
  });

  it("refuses later requests with 3018, and drops later answers", async () => {
    const { pair, first } = channelPair();
    pair.reset();
    await expect(first.channel.request("echo", "")).rejects.toMatchObject({ code: 3018 });
    expect(() => first.channel.answer(1, "ok", "")).not.toThrow();
    expect(first.link.writes).toHaveLength(0);
  });

  it("leaves no timer and no byte behind", async () => {
    const { clock, pair, first } = channelPair({ link: { capacity: 1 }, second: silent });
    const answers = Array.from({ length: 5 }, () => first.channel.request("echo", "text"));
    pair.reset();
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
    expect(clock.pending).toBe(0);
    expect(first.channel.statistics).toMatchObject({ outstanding: 0, queuedBytes: 0 });
  });

  it("does not wait for a handler that is still working", () => {
    const { first } = channelPair({ first: { onRequest: () => new Promise(() => undefined) } });
    first.channel.receive(rawFrame(1, "dapi", "x"));
    first.channel.linkClosed();
    expect(first.closings).toEqual([null]);
  });

  it("drops the error of a handler that fails afterwards", async () => {
    let fail = (): void => undefined;
    const { pair, first } = channelPair({
      first: { onRequest: () => new Promise((_, reject) => (fail = () => reject(new Error("too late")))) },
    });
    first.channel.receive(rawFrame(1, "dapi", "x"));
    pair.reset();
    fail();
    await pair.settle();
    expect(first.link.writes).toHaveLength(0);
  });
});

describe("a channel that is closed", () => {
  it("sends its queued answers first", async () => {
    const { pair, first, second } = channelPair({
      link: { capacity: 1 },
      second: {
        onRequest: ({ counter }, channel) => {
          channel.answer(counter, "err", "refused");
          channel.close();
        },
      },
    });
    const outcome = expect(first.channel.request("hello", "a b c d")).rejects.toMatchObject({
      extraMessage: "refused",
    });
    await pair.settle();
    await outcome;
    expect(first.closings).toEqual([null]);
    expect(second.closings).toEqual([null]);
  });

  it("ends the link only when the last frame has been taken", () => {
    const { pair, first } = channelPair({ link: { capacity: 1 }, second: silent });
    first.channel.answer(1, "ok", "one");
    first.channel.answer(2, "ok", "two");
    first.channel.close();
    expect(first.link.isEnded).toBe(false);
    pair.step();
    expect(first.link.isEnded).toBe(true);
  });

  it("rejects its outstanding requests at once", async () => {
    const { first } = channelPair({ second: silent });
    const outcome = expect(first.channel.request("echo", "")).rejects.toMatchObject({
      code: 3018,
      extraMessage: "echo was not answered: this node closed the connection (peer 192.0.2.1)",
    });
    first.channel.close();
    await outcome;
  });

  it("cuts off a peer that does not take the rest in time", () => {
    const { clock, pair, first } = channelPair({ link: { capacity: 1 } });
    pair.second.isPaused = true;
    first.channel.answer(1, "ok", "one");
    first.channel.answer(2, "ok", "two");
    first.channel.close();
    clock.advance(20_000);
    expect(first.link.isDestroyed).toBe(true);
    expect(first.closings).toMatchObject([{ code: 3018 }]);
  });

  it("reads again, so that it can see the peer's end", () => {
    const { first } = channelPair({ first: { receivedBound: 10, onRequest: () => new Promise(() => undefined) } });
    first.channel.receive(rawFrame(1, "echo", "more than ten bytes"));
    expect(first.link.isPaused).toBe(true);
    first.channel.close();
    expect(first.link.isPaused).toBe(false);
  });

  it("handles no request that comes afterwards", () => {
    const { first } = channelPair();
    first.channel.close();
    first.channel.receive(rawFrame(1, "echo", "x"));
    expect(first.requests).toHaveLength(0);
  });

  it("can be destroyed by a request's handler", () => {
    const error = MusterError.cluster(3029);
    const { first } = channelPair({ first: { onRequest: (_, channel) => channel.destroy(error) } });
    first.channel.receive(Buffer.concat([rawFrame(1, "hello", "x"), rawFrame(2, "echo", "x")]));
    expect(first.requests).toHaveLength(1);
    expect(first.closings).toEqual([error]);
  });
});

describe("a channel over an encrypted link", () => {
  const cipherWith = (...keys: string[]) =>
    new FernetCipher({
      keys: keys.map((key) => FernetKey.fromClusterKey(key)),
      clock: new ManualClock(),
      random: seededRandom(1),
    });
  const OLD = "0123456789abcdef0123456789abcdef";
  const NEW = "fedcba9876543210fedcba9876543210";

  it("talks to a peer of the same key", async () => {
    const { pair, first } = channelPair({ first: { cipher: cipherWith(OLD) }, second: { cipher: cipherWith(OLD) } });
    const answer = first.channel.request("echo", "secret");
    expect(first.link.writes[0]?.includes("secret")).toBe(false);
    await pair.settle();
    expect((await answer).toString()).toBe("secret");
  });

  it("closes with 3025 and no answer when the peer has another key", async () => {
    const { pair, first, second } = channelPair({
      first: { cipher: cipherWith(OLD) },
      second: { cipher: cipherWith(NEW) },
    });
    const outcome = expect(first.channel.request("echo", "")).rejects.toMatchObject({ code: 3018 });
    await pair.settle();
    await outcome;
    expect(second.closings).toMatchObject([{ code: 3025 }]);
    expect(second.link.writes).toHaveLength(0);
  });

  it("closes with 3025 for an empty body", () => {
    const { first } = channelPair({ first: { cipher: cipherWith(OLD) } });
    first.channel.receive(rawFrame(1, "echo", ""));
    expect(first.closings).toMatchObject([{ code: 3025 }]);
  });

  it("takes a peer of an older key while both are accepted", async () => {
    const { pair, first, second } = channelPair({
      first: { cipher: cipherWith(OLD, NEW) },
      second: { cipher: cipherWith(NEW, OLD) },
    });
    const answers = [first.channel.request("echo", "from old"), second.channel.request("echo", "from new")];
    await pair.settle();
    expect((await Promise.all(answers)).map(String)).toEqual(["from old", "from new"]);
  });

  it("opens a message that decrypts elsewhere and fails there with 3025 in its turn", async () => {
    const cipher: Cipher = {
      seal: (payload) => Buffer.from(payload),
      open: (body) => (body.length > 5 ? Promise.reject(MusterError.cluster(3025)) : Buffer.from(body)),
    };
    const { pair, first } = channelPair({ first: { cipher } });
    first.channel.receive(
      Buffer.concat([rawFrame(1, "echo", "ok"), rawFrame(2, "echo", "broken"), rawFrame(3, "echo", "late")]),
    );
    await pair.settle();
    expect(first.requests.map(({ payload }) => payload.toString())).toEqual(["ok"]);
    expect(first.closings).toMatchObject([{ code: 3025 }]);
  });
});
