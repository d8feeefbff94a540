import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendString } from "../../../../src/protocol/transfer/sendString.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { commandsOf, transferPair } from "./transferPair.js";

describe("sendString", () => {
  it("sends new_str with the length in bytes and str_upd with the id, and returns the id", async () => {
    const { pair, first, seen, strings } = transferPair();
    const sent = sendString(first.channel, "grüß", { chunkBytes: 100 });
    await pair.settle();
    const id = await sent;
    expect(id).toBe(String(seededRandom(5).uint32()));
    expect(seen).toEqual([
      { command: "new_str", payload: Buffer.from("6") },
      { command: "str_upd", payload: Buffer.from(`${id} grüß`) },
    ]);
    expect(strings.take(id)?.toString()).toBe("grüß");
  });

  it("delivers any bytes in chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 600 }),
        fc.integer({ min: 1, max: 700 }),
        async (content, chunkBytes) => {
          const { pair, first, strings, seen } = transferPair();
          const sent = sendString(first.channel, content, { chunkBytes });
          await pair.settle();
          expect(strings.take(await sent)).toEqual(Buffer.from(content));
          expect(seen).toHaveLength(1 + Math.max(1, Math.ceil(content.length / chunkBytes)));
        },
      ),
    );
  });

  it("sends err_str with the length and rejects when new_str is answered by a text that starts with Error", async () => {
    const { pair, first, seen } = transferPair({
      intercept: (command) =>
        command === "new_str" ? { command: "ok", payload: "Error sending request: no" } : undefined,
    });
    const outcome = expect(sendString(first.channel, "abc", { chunkBytes: 10 })).rejects.toMatchObject({
      code: 3000,
      extraMessage: "Error sending request: no",
    });
    await pair.settle();
    await outcome;
    expect(seen).toEqual([
      { command: "new_str", payload: Buffer.from("3") },
      { command: "err_str", payload: Buffer.from("3") },
    ]);
  });

  it("sends err_str when new_str is not answered, so that the peer drops what it reserved", async () => {
    let silent = true;
    const { clock, pair, first, seen } = transferPair({ intercept: () => (silent ? "silence" : undefined) });
    const outcome = expect(sendString(first.channel, "abc", { chunkBytes: 10 })).rejects.toMatchObject({ code: 3020 });
    await pair.settle();
    silent = false;
    clock.advance(20_000);
    await outcome;
    await pair.settle();
    expect(commandsOf(seen)).toEqual(["new_str", "err_str"]);
  });

  it("sends no err_str when new_str was refused: another string of that length might be meant", async () => {
    const { pair, first, seen } = transferPair({ limits: { stringBytes: 2 } });
    const outcome = expect(sendString(first.channel, "abc", { chunkBytes: 10 })).rejects.toMatchObject({ code: 1000 });
    await pair.settle();
    await outcome;
    expect(commandsOf(seen)).toEqual(["new_str"]);
  });

  it("rejects when the id is no id", async () => {
    const { pair, first } = transferPair({
      intercept: (command) => (command === "new_str" ? { command: "ok", payload: "4294967296" } : undefined),
    });
    const outcome = expect(sendString(first.channel, "abc", { chunkBytes: 10 })).rejects.toMatchObject({ code: 1000 });
    await pair.settle();
    await outcome;
  });

  it("rejects with the peer's error when a str_upd fails", async () => {
    const { pair, first, seen } = transferPair({
      intercept: (command) => (command === "str_upd" ? { command: "err", payload: "gone" } : undefined),
    });
    const outcome = expect(sendString(first.channel, Buffer.alloc(100), { chunkBytes: 10 })).rejects.toMatchObject({
      code: 3000,
    });
    await pair.settle();
    await outcome;
    expect(commandsOf(seen)).toEqual(["new_str", "str_upd*2"]);
  });

  it("rejects with the signal's reason", async () => {
    const { pair, first } = transferPair({ intercept: (command) => (command === "str_upd" ? "silence" : undefined) });
    const abort = new AbortController();
    const sent = sendString(first.channel, "abc", { chunkBytes: 10, signal: abort.signal });
    await pair.settle();
    abort.abort(new Error("left the state"));
    await expect(sent).rejects.toThrow("left the state");
  });
});
