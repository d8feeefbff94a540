import { describe, expect, test } from "vitest";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { errorFromData, errorToData } from "../../../workers/jobErrors.js";

const systemError = (code: string): Error => Object.assign(new Error(`${code}: no such file`), { code });

describe("an error as data", () => {
  test("keeps a cluster error's code and extra message", () => {
    expect(errorToData(MusterError.cluster(3027, "task"))).toEqual({
      code: 3027,
      message: "Unknown received task name: task",
      extra: "task",
      systemCode: null,
    });
  });

  test("is an internal error 1000 with its text for anything else that was thrown", () => {
    for (const thrown of [new TypeError("oops"), "oops"]) {
      expect(errorToData(thrown)).toMatchObject({ code: 1000, extra: "oops", systemCode: null });
    }
  });

  test("keeps the system's code", () => {
    expect(errorToData(systemError("ENOSPC"))).toMatchObject({ code: 1000, systemCode: "ENOSPC" });
  });

  test("keeps the system's code of what caused it, however deep", () => {
    const deep = MusterError.cluster(3000, "x", { cause: new Error("between", { cause: systemError("EACCES") }) });
    expect(errorToData(deep)).toMatchObject({ code: 3000, extra: "x", systemCode: "EACCES" });
  });

  test("does not search causes that go in a circle for ever", () => {
    const circle = new Error("a");
    circle.cause = circle;
    expect(errorToData(circle).systemCode).toBeNull();
  });

  test("has placeholders' values as JSON", () => {
    expect(errorToData(MusterError.cluster(3019, { MASTER_IP: "10.0.0.1" })).extra).toBe('{"MASTER_IP":"10.0.0.1"}');
  });

  test("survives the way between threads", () => {
    const data = errorToData(MusterError.cluster(3000, "x", { cause: systemError("EIO") }));
    expect(structuredClone(data)).toEqual(data);
  });
});

describe("an error from data", () => {
  test.each([
    MusterError.cluster(3000, "files_metadata.json is refused"),
    MusterError.cluster(3025),
    MusterError.internal(1000, "oops"),
  ])("is what it was: $name $code", (original) => {
    const back = errorFromData(errorToData(original));
    expect(back).toBeInstanceOf(MusterError);
    expect([back.errorClass, back.code, back.message, back.extraMessage]).toEqual([original.errorClass, original.code, original.message, original.extraMessage]);
  });

  test("carries the system's code in its cause", () => {
    expect(errorFromData(errorToData(systemError("ENOSPC"))).cause).toMatchObject({ code: "ENOSPC" });
  });

  test("has no cause where there was no system's code", () => {
    expect(errorFromData(errorToData(new Error("x"))).cause).toBeUndefined();
  });
});
