import { describe, expect, test } from "vitest";
import { FernetCipher } from "../../../../src/protocol/Cipher.js";
import { encryptToken, FernetKey, openTokenInPlace } from "../../../../src/protocol/fernet.js";
import { HEADER_BYTES } from "../../../../src/protocol/frame.js";
import { SlabStore } from "../../../../src/protocol/memory/SlabStore.js";
import type { BorrowedBody, SealedPayload } from "../../../../src/protocol/SendQueue.js";
import { ManualClock } from "../../../support/manualClock.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { channelPair, type EndOptions } from "./channelPair.js";

const KEY = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
const CONTENT = Buffer.alloc(200_000, "content ");

const newStore = (): SlabStore => new SlabStore({ slabBytes: 1024 * 1024, most: 4, kept: 4 });

/** A cipher whose large work is done in another turn of the loop, as that of threads is. */
const cipher = (): FernetCipher =>
  new FernetCipher({
    keys: [KEY],
    clock: new ManualClock(1_622_540_400_000),
    random: seededRandom(1),
    offload: {
      encrypt: async (key, payload, seconds, iv) => encryptToken(key, payload, seconds, iv),
      decrypt: () => Promise.reject(new Error("no body outside shared memory was expected")),
      openInPlace: async (keys, token) => {
        await new Promise((resolve) => setImmediate(resolve));
        const { start, bytes } = openTokenInPlace(keys, token);
        return { key: KEY, payload: token.subarray(start, start + bytes) };
      },
    },
  });

/** A payload that is sealed straight into borrowed memory. */
function sealed(store: SlabStore, content: Buffer, waiting: Promise<void> = Promise.resolve()): SealedPayload {
  const seal = async (): Promise<BorrowedBody> => {
    const slab = store.take();
    if (slab === undefined) throw new Error("no memory");
    await waiting;
    const token = encryptToken(KEY, content, 1, Buffer.alloc(16));
    slab.bytes.set(token, HEADER_BYTES);
    return { slab, bytes: token.length };
  };
  return { bytes: content.length, seal };
}

const receiving = (store: SlabStore, rest: EndOptions = {}): EndOptions => ({
  cipher: cipher(),
  borrowed: { store, leastBytes: 1000, isBorrowing: (command) => command === "file_upd" },
  ...rest,
});

describe("a request in borrowed memory", () => {
  test("arrives as it was sealed, and all memory goes back", async () => {
    const [sending, taking] = [newStore(), newStore()];
    const seen: Buffer[] = [];
    const { pair, first, second } = channelPair({
      link: { cut: () => 30_000 },
      first: { cipher: cipher() },
      second: receiving(taking, {
        onRequest: async ({ counter, payload }, channel) => {
          expect(payload.buffer).toBeInstanceOf(SharedArrayBuffer);
          await new Promise((resolve) => setImmediate(resolve));
          seen.push(Buffer.from(payload));
          channel.answer(counter, "ok", "taken");
        },
      }),
    });
    const answers = [1, 2, 3].map(() => first.channel.request("file_upd", sealed(sending, CONTENT)));
    await pair.settle();
    await pair.settle();
    expect((await Promise.all(answers)).map(String)).toEqual(["taken", "taken", "taken"]);
    expect(seen.every((payload) => payload.equals(CONTENT))).toBe(true);
    expect([seen.length, sending.lent, taking.lent]).toEqual([3, 0, 0]);
    expect(second.channel.statistics.heldBytes).toBe(0);
  });

  test("that is given up while it is sealed is not sent, and its memory goes back", async () => {
    const store = newStore();
    let finish = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const { pair, first, second } = channelPair({ first: { cipher: cipher() }, second: receiving(newStore()) });
    const abort = new AbortController();
    const answer = first.channel.request("file_upd", sealed(store, CONTENT, waiting), { signal: abort.signal });
    abort.abort(new Error("given up"));
    await expect(answer).rejects.toThrow("given up");
    finish();
    await pair.settle();
    expect([store.lent, second.requests.length]).toEqual([0, 0]);
  });

  test("whose connection ends at any moment gives back all memory at both ends", async () => {
    for (let steps = 0; steps < 12; steps += 1) {
      const [sending, taking] = [newStore(), newStore()];
      const { pair, first } = channelPair({ link: { cut: () => 50_000 }, first: { cipher: cipher() }, second: receiving(taking) });
      const answer = first.channel.request("file_upd", sealed(sending, CONTENT)).catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      for (let step = 0; step < steps; step += 1) pair.step();
      pair.reset();
      await answer;
      await pair.settle();
      expect([steps, sending.lent, taking.lent]).toEqual([steps, 0, 0]);
    }
  });

  test("that can't be sealed rejects with what went wrong", async () => {
    const { pair, first } = channelPair({ first: { cipher: cipher() } });
    const answer = first.channel.request("file_upd", { bytes: 10, seal: () => Promise.reject(new Error("the disk is gone")) });
    const outcome = expect(answer).rejects.toThrow("the disk is gone");
    await pair.settle();
    await outcome;
  });
});

test("a token that no key verifies ends the connection, and its memory goes back", async () => {
  const taking = newStore();
  const { pair, first, second } = channelPair({ first: { cipher: cipher() }, second: receiving(taking) });
  const bad: SealedPayload = {
    bytes: 2000,
    seal: async () => {
      const slab = newStore().take();
      if (slab === undefined) throw new Error("no memory");
      slab.bytes.fill("A", HEADER_BYTES);
      return { slab, bytes: 4000 };
    },
  };
  const answer = first.channel.request("file_upd", bad).catch(() => undefined);
  await pair.settle();
  await answer;
  expect(second.closings).toEqual([expect.objectContaining({ code: 3025 })]);
  expect(taking.lent).toBe(0);
});
