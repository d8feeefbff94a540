import { describe, expect, it } from "vitest";
import { memoryLogger } from "../../support/memoryLogger.js";

describe("the logger of tests", () => {
  it("keeps lines of its own and of its children", () => {
    const log = memoryLogger();
    log.warn("a");
    log.child({ peer: "w1" }).child({ state: "free" }).trace("b", { n: 1 });
    expect(log.lines).toEqual([
      { level: "warning", message: "a", context: {}, fields: {} },
      { level: "debug2", message: "b", context: { peer: "w1", state: "free" }, fields: { n: 1 } },
    ]);
    expect(log.messages()).toEqual(["a", "b"]);
    expect(log.messages("warning")).toEqual(["a"]);
  });
});
