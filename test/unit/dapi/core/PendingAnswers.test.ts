import { describe, expect, test } from "vitest";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { PendingAnswers } from "../../../../src/node/dapi/PendingAnswers.js";
import { ManualClock } from "../../../support/manualClock.js";

function pending(perPeer = 2) {
  const clock = new ManualClock();
  const answers = new PendingAnswers(clock, perPeer);
  const wait = (id: string, peerId = "p1", more: { signal?: AbortSignal } = {}) => {
    const answer = answers.wait(id, { peerId, nodeName: "w1", timeout: 10_000, ...more });
    answer.catch(() => undefined);
    return answer;
  };
  return { clock, answers, wait };
}

describe("PendingAnswers", () => {
  test("an answer ends its wait", async () => {
    const { answers, wait } = pending();
    const answer = wait("a");
    expect(answers.settle("a", "p1", { text: "yes" })).toEqual({ handedOn: false });
    await expect(answer).resolves.toBe("yes");
    expect(answers.size).toBe(0);
  });

  test("another node's answer is none, and is counted", () => {
    const { answers, wait } = pending();
    void wait("a");
    expect(answers.settle("a", "p2", { text: "forged" })).toBeUndefined();
    expect([answers.size, answers.late]).toEqual([1, 1]);
  });

  test("no answer in time is error 3021, and one that comes later is dropped", async () => {
    const { clock, answers, wait } = pending();
    const answer = wait("a");
    clock.advance(10_000);
    await expect(answer).rejects.toMatchObject({ code: 3021 });
    expect(answers.settle("a", "p1", { text: "late" })).toBeUndefined();
    expect(answers.late).toBe(1);
  });

  test("a node that answers nothing is asked no more than so often; others are", async () => {
    const { answers, wait } = pending();
    void wait("a");
    void wait("b");
    await expect(wait("c")).rejects.toMatchObject({ code: 3009 });
    void wait("d", "p2");
    expect(answers.size).toBe(3);
    answers.settle("a", "p1", { text: "at last" });
    void wait("e");
    expect(answers.isFree("e")).toBe(false);
  });

  test("a connection that is lost ends what was asked over it, and nothing else", async () => {
    const { answers, wait } = pending();
    const lost = wait("a");
    void wait("b", "p2");
    answers.lose("p1", MusterError.cluster(3022, "w1"));
    await expect(lost).rejects.toMatchObject({ code: 3022 });
    expect(answers.size).toBe(1);
  });

  test("a signal ends the wait", async () => {
    const { answers, wait } = pending();
    const given = new AbortController();
    const answer = wait("a", "p1", { signal: given.signal });
    given.abort(new Error("nobody waits"));
    await expect(answer).rejects.toThrow("nobody waits");
    expect(answers.size).toBe(0);
  });
});
