import { describe, expect, test } from "vitest";
import { RequestQueue } from "../../../src/agents/RequestQueue.js";
import { retryDelay } from "../../../src/agents/retryDelay.js";
import { seededRandom } from "../../support/seededRandom.js";

const never = (): AbortSignal => new AbortController().signal;

describe("requests that wait", () => {
  test("come out in their order", async () => {
    const queue = new RequestQueue<string>(3);
    const answers = ["a", "b"].map((request) => queue.add(request, never()));
    expect(queue.size).toBe(2);
    for (let entry = queue.next(); entry !== null; entry = queue.next()) entry.resolve(entry.request.toUpperCase());
    expect(await Promise.all(answers)).toEqual(["A", "B"]);
    expect(queue.next()).toBeNull();
  });

  test("are bounded", async () => {
    const queue = new RequestQueue<string>(1);
    const first = queue.add("a", never());
    await expect(queue.add("b", never())).rejects.toMatchObject({
      code: 2007,
      extraMessage: expect.stringContaining("1 requests wait"),
    });
    queue.next()?.resolve(1);
    expect(await first).toBe(1);
  });

  test("leave when their signal fires, and are not worked on", async () => {
    const queue = new RequestQueue<string>(1);
    const controller = new AbortController();
    const answer = queue.add("a", controller.signal);
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    expect(queue.next()).toBeNull();
  });

  test("are refused when their signal fired before", async () => {
    await expect(new RequestQueue<string>(1).add("a", AbortSignal.abort(new Error("before")))).rejects.toThrow(
      "before",
    );
  });

  test("hear the signal while they are worked on, too", async () => {
    const queue = new RequestQueue<string>(1);
    const controller = new AbortController();
    const answer = queue.add("a", controller.signal);
    const entry = queue.next();
    controller.abort(new Error("enough"));
    entry?.resolve("late");
    await expect(answer).rejects.toThrow("enough");
  });

  test("can be put back, and are the next ones then", async () => {
    const queue = new RequestQueue<string>(3);
    const answers = [queue.add("a", never()), queue.add("b", never())];
    const taken = queue.next();
    if (taken !== null) queue.putBack(taken);
    expect(queue.size).toBe(2);
    for (let entry = queue.next(); entry !== null; entry = queue.next()) entry.resolve(entry.request);
    expect(await Promise.all(answers)).toEqual(["a", "b"]);
  });

  test("that were put back leave when their signal fires, and are not put back after it fired", async () => {
    const queue = new RequestQueue<string>(3);
    const controller = new AbortController();
    const answer = queue.add("a", controller.signal);
    const taken = queue.next();
    if (taken !== null) queue.putBack(taken);
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    if (taken !== null) queue.putBack(taken);
    expect([queue.size, queue.next()]).toEqual([0, null]);
  });

  test("can all be refused at once, each with its own error", async () => {
    const queue = new RequestQueue<string>(2);
    const answers = [queue.add("a", never()), queue.add("b", never())];
    let count = 0;
    queue.rejectAll(() => new Error(`closed ${(count += 1)}`));
    const settled = await Promise.allSettled(answers);
    expect(settled.map((one) => one.status === "rejected" && String(one.reason))).toEqual([
      "Error: closed 1",
      "Error: closed 2",
    ]);
    expect(queue.size).toBe(0);
  });
});

describe("the delay before the next attempt", () => {
  test("doubles up to its bound, less at most half", () => {
    const random = seededRandom(1);
    const full = [100, 200, 400, 800, 1000, 1000];
    full.forEach((bound, index) => {
      const delay = retryDelay(index + 1, 100, 1000, random);
      expect(delay).toBeLessThanOrEqual(bound);
      expect(delay).toBeGreaterThanOrEqual(bound / 2);
    });
  });

  test("stays finite after many failures", () => {
    expect(retryDelay(5000, 100, 1000, seededRandom(2))).toBeLessThanOrEqual(1000);
  });
});
