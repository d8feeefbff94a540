import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describeFailure,
  failedIn,
  NEW_RECORD,
  ok,
  refuse,
  roundFailed,
  roundSeconds,
  roundStarted,
  roundSucceeded,
  tooLongIn,
} from "../../machines/process.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";

/** A clock whose wall time jumps when it is told to, as real ones do. */
function clockAt(now: number, wall: number) {
  return { now: () => now, wallTime: () => wall };
}

const codeIn = (exception: string): unknown =>
  (JSON.parse(exception) as { __wazuh_exception__: { __object__: { code: unknown } } }).__wazuh_exception__.__object__.code;

describe("the record of rounds", () => {
  test("a round that started counts, and keeps what came before it", () => {
    const before = { ...NEW_RECORD, rounds: 4, failures: 2, lastSuccess: { startedAt: 1, endedAt: 2 } };
    expect(roundStarted(before, clockAt(50, 9000))).toEqual({
      ...before,
      startedAt: 9000,
      startedMonotonic: 50,
      rounds: 5,
    });
  });

  test("a round that succeeded leaves the last failure to be seen", () => {
    const failed = roundFailed(roundStarted(NEW_RECORD, clockAt(0, 1000)), clockAt(5, 1005), {
      error: new Error("no space"),
      step: "packing",
    });
    const succeeded = roundSucceeded(roundStarted(failed, clockAt(10, 1010)), clockAt(20, 1020));
    expect(succeeded).toMatchObject({
      rounds: 2,
      failures: 1,
      lastError: { message: "no space", step: "packing", at: 1005 },
      lastSuccess: { startedAt: 1010, endedAt: 1020 },
    });
  });

  test("a duration does not heed jumps of the wall clock", () => {
    const record = roundStarted(NEW_RECORD, clockAt(1000, 5_000_000));
    expect(roundSeconds(record, clockAt(2234, 1_000))).toBe("1.234s");
  });

  test("durations have three decimals", () => {
    expect(roundSeconds(NEW_RECORD, clockAt(0, 0))).toBe("0.000s");
    expect(roundSeconds(NEW_RECORD, clockAt(61_500, 0))).toBe("61.500s");
  });

  test("an unused record can't be changed by accident", () => {
    expect(Object.isFrozen(NEW_RECORD)).toBe(true);
  });
});

describe("describeFailure", () => {
  test("a cluster error keeps its code, for people and for the peer", () => {
    const failure = describeFailure(MusterError.cluster(3027, "task-9"), "receivingFile", 77);
    expect(failure).toMatchObject({ code: 3027, message: "Unknown received task name: task-9", step: "receivingFile", at: 77 });
    expect(codeIn(failure.exception)).toBe(3027);
  });

  test("any other error is 1000 for the peer, and its own text for people", () => {
    const failure = describeFailure(new Error("ENOSPC: no space left"), "packing", 0);
    expect(failure).toMatchObject({ code: 1000, message: "ENOSPC: no space left" });
    expect(codeIn(failure.exception)).toBe(1000);
  });

  test.each([["a text"], [{ an: "object" }], [undefined], [null], [42]])("something thrown that is no error: %j", (thrown) => {
    const failure = describeFailure(thrown, "packing", 0);
    expect(failure.code).toBe(1000);
    expect(failure.message).not.toBe("");
    expect(codeIn(failure.exception)).toBe(1000);
  });

  test("whatever was thrown, the failure is small, and its exception is whole JSON with the same code", () => {
    const codes = fc.constantFrom(1000, 3000, 3027, 3039);
    const texts = fc.string({ maxLength: 3000, unit: "binary" }).map((text) => text.repeat(5));
    fc.assert(
      fc.property(codes, texts, fc.boolean(), (code, text, isKnown) => {
        const failure = describeFailure(isKnown ? MusterError.cluster(code, text) : new Error(text), "packing", 0);
        expect(failure.code).toBe(isKnown ? code : 1000);
        expect(codeIn(failure.exception)).toBe(failure.code);
        expect(failure.message.length).toBeLessThanOrEqual(4001);
        expect(failure.exception.length).toBeLessThan(40_000);
      }),
    );
  });

  test("what an error carries besides its text is cut, too", () => {
    const extras = Object.fromEntries(Array.from({ length: 500 }, (_, node) => [`node-${String(node)}`, { error: "x".repeat(100) }]));
    const failure = describeFailure(MusterError.cluster(3000, "several nodes failed", { dapiErrors: extras }), "packing", 0);
    expect(failure.exception.length).toBeLessThan(5000);
    expect(failure.message).toContain("several nodes failed");
  });
});

describe("answers", () => {
  test("ok carries its text", () => {
    expect(ok(7, "True")).toEqual({ requestId: 7, command: "ok", payload: "True" });
  });

  test("a refusal carries the exception as JSON", () => {
    const { command, requestId, payload } = refuse(7, MusterError.cluster(3028));
    expect({ command, requestId, code: codeIn(payload) }).toEqual({ command: "err", requestId: 7, code: 3028 });
  });

  test("a refusal for an unexpected error is 1000", () => {
    expect(codeIn(refuse(7, new Error("broken")).payload)).toBe(1000);
  });
});

describe("transitions that every step has", () => {
  test("a step whose work failed names itself and its error", () => {
    const error = new Error("no space");
    const { target, actions } = failedIn("packing");
    expect(target).toBe("reportingError");
    expect(actions.params({ event: { error } })).toEqual({ error, step: "packing" });
  });

  test("a file that does not come is 3039, as the protocol has it", () => {
    const { error, step } = tooLongIn("receivingFile", "The worker's file").actions.params();
    expect(step).toBe("receivingFile");
    expect(error).toMatchObject({ code: 3039 });
    expect(error.message).toContain("The worker's file did not happen in time");
  });

  test("any other step that takes too long is not said to be about a file", () => {
    const { error, step } = tooLongIn("comparing", "The comparison").actions.params();
    expect({ step, message: error.message }).toEqual({
      step: "comparing",
      message: "The comparison did not happen in time (state comparing)",
    });
  });
});
