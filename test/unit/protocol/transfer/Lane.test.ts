import { describe, expect, test } from "vitest";
import { Lane } from "../../../../src/protocol/transfer/Lane.js";

describe("Lane", () => {
  test("lets so many run at a time, the others in their order, also past one that fails", async () => {
    const lane = new Lane(2);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const work = async (at: number): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      order.push(at);
      await Promise.resolve();
      running -= 1;
      if (at === 2) throw new Error("it failed");
    };
    const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((at) => lane.run(() => work(at))));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  });
});
