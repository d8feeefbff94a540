import { beforeEach, describe, expect, test } from "vitest";
import { ChangeNews, type NewsPeer } from "../../../src/node/master/ChangeNews.js";
import { ManualClock } from "../../support/manualClock.js";

/** A worker that keeps the master's messages until it answers them. */
class Peer implements NewsPeer {
  readonly told: string[] = [];
  readonly #answers: ((error?: Error) => void)[] = [];
  readonly connection = {
    channel: {
      request: (command: string) => {
        this.told.push(command);
        return new Promise<Buffer>((resolve, reject) => {
          this.#answers.push((error) => {
            if (error === undefined) resolve(Buffer.from("Thanks"));
            else reject(error);
          });
        });
      },
    },
  } as unknown as NewsPeer["connection"];

  async answer(error?: Error): Promise<void> {
    this.#answers.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let clock: ManualClock;
let news: ChangeNews;
beforeEach(() => {
  clock = new ManualClock();
  news = new ChangeNews(clock);
});

describe("news of changes", () => {
  test("each worker is told", () => {
    const peers = [new Peer(), new Peer()];
    news.announce(peers);
    expect(peers.map(({ told }) => told)).toEqual([["mst_check"], ["mst_check"]]);
  });

  test.each([["answered", undefined], ["refused", new Error("unknown command")]])("changes before one is %s are told once, afterwards", async (_, error) => {
    const peer = new Peer();
    for (let change = 0; change < 4; change += 1) news.announce([peer]);
    expect(peer.told).toHaveLength(1);
    await peer.answer(error);
    expect(peer.told).toHaveLength(2);
    await peer.answer(error);
    expect(peer.told).toHaveLength(2);
  });

  test("many workers are told in several turns", () => {
    const peers = Array.from({ length: 120 }, () => new Peer());
    const count = (): number => peers.filter(({ told }) => told.length === 1).length;
    news.announce(peers);
    expect(count()).toBe(50);
    clock.advance(10);
    expect(count()).toBe(100);
    clock.advance(10);
    expect(count()).toBe(120);
    expect(clock.pending).toBe(0);
  });

  test("who is gone is told no more", async () => {
    const peers = Array.from({ length: 51 }, () => new Peer());
    news.announce(peers);
    const [first, last] = [peers[0] as Peer, peers[50] as Peer];
    news.announce([first]);
    news.forget(first);
    news.forget(last);
    await first.answer(new Error("the connection was closed"));
    clock.advance(1000);
    expect([first.told.length, last.told.length]).toEqual([1, 0]);
  });

  test("after the end nobody is", () => {
    const peers = Array.from({ length: 60 }, () => new Peer());
    news.announce(peers);
    news.stop();
    clock.advance(1000);
    expect(peers.filter(({ told }) => told.length > 0)).toHaveLength(50);
    expect(clock.pending).toBe(0);
  });
});
