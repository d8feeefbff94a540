import { describe, expect, it } from "vitest";
import { createLogger } from "../../../src/telemetry/createLogger.js";
import { HumanSink } from "../../../src/telemetry/HumanSink.js";
import { MemorySink } from "./MemorySink.js";

function lines(
  options: { colour?: boolean; stacks?: boolean },
  write: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const inner = new MemorySink();
  const sink = new HumanSink(inner, { colour: false, stacks: false, ...options });
  write(createLogger({ level: "debug2", sinks: [sink], wallTime: () => Date.UTC(2021, 5, 1, 10) }));
  return inner.text.split("\n").slice(0, -1);
}

describe("lines on a terminal", () => {
  it("show level, tags and message", () => {
    const [line] = lines({}, (log) => log.child({ tag: "Master", subtag: "D API" }).trace("Receiving.", { bytes: 1 }));
    expect(line).toMatch(/^2021\/0[56]\/\d\d \d\d:\d\d:\d\d DEBUG2: \[Master\] \[D API\] Receiving\.$/);
  });

  it("show colours when the terminal has them", () => {
    expect(lines({ colour: true }, (log) => log.error("x"))[0]).toContain("\u001b[31mERROR\u001b[0m");
  });

  it("show where an error arose only when asked", () => {
    const write = (log: ReturnType<typeof createLogger>): void => log.error("Failed.", { error: new Error("deep") });
    expect(lines({}, write)).toHaveLength(1);
    const withStack = lines({ stacks: true }, write);
    expect(withStack[1]).toBe("  Error: deep");
    expect(withStack.length).toBeGreaterThan(2);
  });

  it("pass on what is no line of a logger", () => {
    const inner = new MemorySink();
    new HumanSink(inner, { colour: false, stacks: false }).write('{"other":1}\n');
    expect(inner.text).toBe('{"other":1}\n');
  });

  it("are flushed and closed with the sink below", async () => {
    const inner = new MemorySink();
    const sink = new HumanSink(inner, { colour: false, stacks: false });
    await sink.flush();
    sink.flushSync();
    await sink.close();
    expect(inner.calls).toEqual(["flush", "flushSync", "close"]);
  });
});
