import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { channelPair, echoing } from "./channelPair.js";
import type { Handler } from "./channelPair.js";
import { rawFrame, readFrame } from "./rawFrames.js";

const fixedCounter = (value: number) => ({ uint32: () => value });

describe("a channel's requests", () => {
  it("resolve with the payload of the peer's ok", async () => {
    const { pair, first } = channelPair();
    const answer = first.channel.request("echo", "hello");
    await pair.settle();
    expect((await answer).toString()).toBe("hello");
  });

  it.each(["ok", "ok ", "ok-m", "ok-m ", "ok-c"])("resolve with the payload of '%s'", async (command) => {
    const { pair, first } = channelPair({
      second: { onRequest: ({ counter }, channel) => channel.answer(counter, command, "fine") },
    });
    const answer = first.channel.request("echo-c", "keepalive");
    await pair.settle();
    expect((await answer).toString()).toBe("fine");
  });

  it("reject with the peer's error, code and text kept", async () => {
    const { pair, first } = channelPair({
      second: {
        onRequest: () => {
          throw MusterError.cluster(3027, "task 7");
        },
      },
    });
    const answer = first.channel.request("syn_i_w_m_e", "7 x");
    const outcome = expect(answer).rejects.toMatchObject({
      code: 3027,
      errorClass: "WazuhClusterError",
      extraMessage: "task 7",
    });
    await pair.settle();
    await outcome;
  });

  it("reject with cluster error 3000 when err carries a plain text", async () => {
    const { pair, first } = channelPair({
      second: { onRequest: ({ counter }, channel) => channel.answer(counter, "err", "unknown command 'b'x''") },
    });
    const answer = first.channel.request("x", "");
    const outcome = expect(answer).rejects.toMatchObject({ code: 3000, extraMessage: "unknown command 'b'x''" });
    await pair.settle();
    await outcome;
  });

  it("carry counters that start at random and grow by one past 2^32", async () => {
    const { pair, first } = channelPair({ first: { random: fixedCounter(0xffffffff) } });
    const answers = [first.channel.request("echo", "a"), first.channel.request("echo", "b")];
    expect(first.link.writes.map((frame) => readFrame(frame).counter)).toEqual([0xffffffff, 0]);
    await pair.settle();
    expect((await Promise.all(answers)).map(String)).toEqual(["a", "b"]);
  });

  it("are written with header and body in one piece", () => {
    const { first } = channelPair();
    first.channel.request("echo", "body").catch(() => undefined);
    expect(first.link.writes).toHaveLength(1);
    const frame = readFrame(first.link.writes[0] ?? Buffer.alloc(0));
    expect(frame).toMatchObject({ length: 4, field: "echo -------" });
    expect(frame.body.toString()).toBe("body");
  });

  it("reject with 3024 for a command that no frame can carry, and send nothing", async () => {
    const { first } = channelPair();
    await expect(first.channel.request("sendsync_err", "")).rejects.toMatchObject({ code: 3024 });
    expect(first.link.writes).toHaveLength(0);
  });

  it("reject with 3050 for a payload that the peer would refuse, and leave the channel open", async () => {
    const { first } = channelPair({
      first: { limits: { frameBytesBeforeHello: 64, frameBytes: 64, messageBytes: 1000, dividedMessages: 1 } },
    });
    await expect(first.channel.request("echo", Buffer.alloc(2000))).rejects.toMatchObject({ code: 3050 });
    expect(first.channel.isOpen).toBe(true);
  });

  it("reach their askers whatever the interleaving and the cutting, both ways at once", async () => {
    const sizes = fc.array(fc.record({ fromFirst: fc.boolean(), bytes: fc.integer({ min: 0, max: 400 }) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer(), fc.boolean(), async (plans, seed, sameCounters) => {
        const random = seededRandom(seed);
        const answerLater: (() => void)[] = [];
        const onRequest: Handler = ({ counter, payload }, channel) => {
          const answer = () => channel.answer(counter, "ok", payload);
          if (random.below(2) === 0) answer();
          else answerLater.splice(random.below(answerLater.length + 1), 0, answer);
        };
        const counters = sameCounters ? { random: fixedCounter(7) } : {};
        const { pair, first, second } = channelPair({
          link: { cut: (available) => 1 + random.below(available), pickFirst: () => random.below(2) === 0 },
          first: { onRequest, ...counters },
          second: { onRequest, ...counters },
        });
        const expected: Buffer[] = [];
        const answers = plans.map(({ fromFirst, bytes }, index) => {
          const payload = Buffer.concat([Buffer.from(`${index}:`), random.bytes(bytes)]);
          expected.push(Buffer.from(payload));
          for (let steps = random.below(5); steps > 0; steps -= 1) pair.step();
          return (fromFirst ? first : second).channel.request("echo", payload);
        });
        for (;;) {
          await pair.settle();
          if (answerLater.length === 0) break;
          for (const answer of answerLater.splice(0)) answer();
        }
        expect(await Promise.all(answers)).toEqual(expected);
        expect(first.channel.statistics).toMatchObject({
          outstanding: 0,
          unexpectedAnswers: 0,
          heldBytes: 0,
          queuedBytes: 0,
        });
      }),
      { numRuns: 60 },
    );
  });

  it("are told from the peer's requests of the same counter by their commands", async () => {
    const { first } = channelPair({ first: { random: fixedCounter(9) } });
    const answer = first.channel.request("echo", "mine");
    first.channel.receive(Buffer.concat([rawFrame(9, "echo", "theirs"), rawFrame(9, "ok", "answer to mine")]));
    expect(first.requests.map(({ command, payload }) => [command, payload.toString()])).toEqual([["echo", "theirs"]]);
    expect((await answer).toString()).toBe("answer to mine");
  });

  it("of a message larger than a frame are divided, and joined by the peer", async () => {
    const payload = seededRandom(3).bytes(1010);
    const { pair, first } = channelPair({
      first: { dialect: { ...zip43, requestChunk: 120 } },
    });
    const answer = first.channel.request("file_upd", payload);
    expect(first.link.writes.map((frame) => frame.length)).toEqual([...Array<number>(10).fill(120), 30]);
    await pair.settle();
    expect(await answer).toEqual(payload);
  });
});

describe("a request that is not answered", () => {
  const silent = { onRequest: () => undefined };

  it("rejects with 3020 and the command after timeoutClusterRequest", async () => {
    const { clock, pair, first } = channelPair({ second: silent });
    const answer = first.channel.request("syn_i_w_m", "");
    const outcome = expect(answer).rejects.toMatchObject({ code: 3020, extraMessage: "syn_i_w_m" });
    await pair.settle();
    clock.advance(19_999);
    expect(first.channel.statistics.outstanding).toBe(1);
    clock.advance(1);
    await outcome;
    expect(first.channel.statistics.outstanding).toBe(0);
  });

  it("rejects after its own timeout where it has one", async () => {
    const { clock, first } = channelPair({ second: silent });
    const outcome = expect(first.channel.request("dapi", "", { timeout: 200 })).rejects.toMatchObject({ code: 3020 });
    clock.advance(199_999);
    expect(first.channel.statistics.outstanding).toBe(1);
    clock.advance(1);
    await outcome;
  });

  it("has its late answer dropped and counted, once", async () => {
    const { clock, pair, first, second } = channelPair({ second: silent });
    const outcome = expect(first.channel.request("echo", "")).rejects.toMatchObject({ code: 3020 });
    await pair.settle();
    clock.advance(20_000);
    await outcome;
    const counter = second.requests[0]?.counter ?? -1;
    second.channel.answer(counter, "ok", "late");
    second.channel.answer(counter, "ok", "again");
    await pair.settle();
    expect(first.channel.statistics).toMatchObject({ lateAnswers: 1, unexpectedAnswers: 1 });
    expect(first.requests).toHaveLength(0);
  });

  it("leaves no timer behind when it is answered", async () => {
    const { clock, pair, first } = channelPair();
    const answer = first.channel.request("echo", "");
    await pair.settle();
    await answer;
    expect(clock.pending).toBe(0);
  });

  it("rejects with the signal's reason when it is given up, and its answer is late then", async () => {
    const { pair, first, second } = channelPair({ second: silent });
    const abort = new AbortController();
    const answer = first.channel.request("echo", "", { signal: abort.signal });
    await pair.settle();
    const reason = new Error("the state was left");
    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    second.channel.answer(second.requests[0]?.counter ?? -1, "ok", "");
    await pair.settle();
    expect(first.channel.statistics).toMatchObject({ lateAnswers: 1, outstanding: 0 });
  });

  it("is not sent at all when its signal was aborted before", async () => {
    const { first } = channelPair();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(first.channel.request("echo", "", { signal })).rejects.toThrow("too late");
    expect(first.link.writes).toHaveLength(0);
  });

  it("is taken back from the queue when it is given up before it was written", async () => {
    const { pair, first, second } = channelPair({ link: { capacity: 1 } });
    const sent = first.channel.request("echo", "first");
    const abort = new AbortController();
    const withdrawn = expect(first.channel.request("echo", "second", { signal: abort.signal })).rejects.toThrow();
    abort.abort();
    await withdrawn;
    await pair.settle();
    await sent;
    expect(second.requests.map(({ payload }) => payload.toString())).toEqual(["first"]);
  });

  it("has its remaining parts sent when it is given up in the middle of a divided message", async () => {
    const { pair, first, second } = channelPair({
      link: { capacity: 1 },
      first: { dialect: { ...zip43, requestChunk: 40 } },
    });
    const abort = new AbortController();
    const given = expect(first.channel.request("echo", Buffer.alloc(50), { signal: abort.signal })).rejects.toThrow();
    expect(first.link.writes).toHaveLength(1);
    abort.abort();
    await given;
    await pair.settle();
    expect(first.link.writes).toHaveLength(3);
    expect(second.requests).toHaveLength(1);
    expect(first.channel.statistics.lateAnswers).toBe(1);
  });
});

describe("an answer that nobody asked for", () => {
  it.each(["ok", "err", "ok-m", "ok-c"])("'%s' is ignored and counted", (command) => {
    const { first } = channelPair();
    first.channel.receive(rawFrame(1234, command, "?"));
    expect(first.requests).toHaveLength(0);
    expect(first.channel.statistics.unexpectedAnswers).toBe(1);
    expect(first.link.writes).toHaveLength(0);
  });

  it.each(["ok", "err"])("'%s' is a request for a local client", (command) => {
    const { first } = channelPair({ first: { acceptAnswerCommandsAsRequests: true, onRequest: echoing } });
    first.channel.receive(rawFrame(1234, command, "result"));
    expect(first.requests.map((request) => request.command)).toEqual([command]);
    expect(readFrame(first.link.writes[0] ?? Buffer.alloc(0))).toMatchObject({ counter: 1234, field: "ok ---------" });
  });

  it("to a timed-out request is no request for a local client either", async () => {
    const { clock, first } = channelPair({ first: { acceptAnswerCommandsAsRequests: true, random: fixedCounter(77) } });
    const outcome = expect(first.channel.request("dapi", "{}")).rejects.toMatchObject({ code: 3020 });
    clock.advance(20_000);
    await outcome;
    first.channel.receive(rawFrame(77, "ok", "late"));
    expect(first.requests).toHaveLength(0);
    expect(first.channel.statistics.lateAnswers).toBe(1);
  });
});
