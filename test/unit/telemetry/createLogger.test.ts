import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../../src/telemetry/createLogger.js";
import type { LoggerOptions, RootLogger } from "../../../src/telemetry/createLogger.js";
import { LOG_LEVELS } from "../../../src/telemetry/Logger.js";
import { MemorySink } from "./MemorySink.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";

function logger(options: Partial<LoggerOptions> = {}): { log: RootLogger; sink: MemorySink } {
  const sink = new MemorySink();
  const log = createLogger({ level: "debug2", sinks: [sink], wallTime: () => 1_700_000_000_123, ...options });
  return { log, sink };
}

describe("a log line", () => {
  it("is one JSON object with level, time, context, fields and message, in this order", () => {
    const { log, sink } = logger({ context: { node: "n1" } });
    log.child({ peer: "w1", tag: "Worker w1", subtag: "Integrity sync" }).info("Received.", { files: 3 });
    expect(sink.text).toBe(
      '{"level":"info","time":"2023-11-14T22:13:20.123Z","node":"n1","peer":"w1","tag":"Worker w1","subtag":"Integrity sync","files":3,"message":"Received."}\n',
    );
  });

  it("names the levels as the reference does", () => {
    const { log, sink } = logger();
    log.error("");
    log.warn("");
    log.info("");
    log.debug("");
    log.trace("");
    expect(sink.records.map((record) => record.level)).toEqual([...LOG_LEVELS]);
  });

  it("goes to every sink", () => {
    const other = new MemorySink();
    const { log, sink } = logger();
    const both = createLogger({ sinks: [sink, other], wallTime: () => 0 });
    both.info("x");
    log.info("y");
    expect([sink.records.length, other.records.length]).toEqual([2, 1]);
  });

  it("says nothing twice: a child's context and a field replace what they name", () => {
    const { log, sink } = logger({ context: { node: "n1", state: "free" } });
    log.child({ state: "packing" }).info("x", { node: "n2" });
    expect(sink.text.match(/"node"/g)).toHaveLength(1);
    expect(sink.text.match(/"state"/g)).toHaveLength(1);
    expect(sink.records[0]).toMatchObject({ node: "n2", state: "packing" });
  });

  it("keeps its level, time and message from fields of these names", () => {
    const { log, sink } = logger();
    log.info("right", { level: "error", time: 0, message: "wrong" });
    expect(sink.records[0]).toMatchObject({
      level: "info",
      message: "right",
      level_: "error",
      time_: 0,
      message_: "wrong",
    });
    expect(sink.text.match(/"message":/g)).toHaveLength(1);
  });

  it("is one line whatever the message holds", () => {
    const { log, sink } = logger();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (message) => {
        sink.text = "";
        log.info(message);
        expect(sink.text.indexOf("\n")).toBe(sink.text.length - 1);
        expect(sink.records[0]?.message).toBe(message);
      }),
    );
  });

  it("treats a message with placeholders as text", () => {
    const { log, sink } = logger();
    log.info("100%s of %d %j", { n: 1 });
    expect(sink.records[0]?.message).toBe("100%s of %d %j");
  });
});

describe("levels", () => {
  it("leave out what is less urgent", () => {
    const { log, sink } = logger({ level: "warning" });
    log.info("no");
    log.warn("yes");
    expect(sink.records.map((record) => record.message)).toEqual(["yes"]);
    expect([log.isEnabled("warning"), log.isEnabled("info")]).toEqual([true, false]);
  });

  it("are info unless told", () => {
    const log = createLogger({ sinks: [], wallTime: () => 0 });
    expect([log.isEnabled("info"), log.isEnabled("debug")]).toEqual([true, false]);
  });

  it("change for the children too", () => {
    const { log, sink } = logger({ level: "info" });
    const child = log.child({ peer: "w1" });
    log.setLevel("debug2");
    child.trace("yes");
    log.setLevel("error");
    child.warn("no");
    expect(sink.records.map((record) => record.message)).toEqual(["yes"]);
  });

  it("cost no work below: fields are not looked at", () => {
    const { log } = logger({ level: "info" });
    const fields = {
      get costly(): never {
        throw new Error("looked at");
      },
    };
    expect(() => log.debug("x", fields)).not.toThrow();
  });
});

describe("secrets", () => {
  it("never appear, neither in messages nor in fields, errors or contexts", () => {
    const { log, sink } = logger({ secrets: [KEY], context: { node: KEY } });
    const child = log.child({ taskId: `x${KEY}x` });
    child.error(`the key is ${KEY}`, { error: new Error(KEY), nested: [{ text: KEY }] });
    expect(sink.text).not.toContain(KEY);
    expect(sink.text).toContain("the key is ********");
  });

  it("can be added later", () => {
    const { log, sink } = logger();
    log.addSecret("another-secret");
    log.info("another-secret");
    expect(sink.records[0]?.message).toBe("********");
  });

  it("that are shorter than 8 characters are not looked for: they may be part of a word", () => {
    const { log, sink } = logger({ secrets: ["", "Star"] });
    log.info("Starting.");
    expect(sink.records[0]?.message).toBe("Starting.");
  });

  it("are masked by their field's name even when unknown", () => {
    const { log, sink } = logger();
    log.info("x", { headers: { authorization: "Bearer abc" } });
    expect(sink.text).not.toContain("Bearer");
  });
});

describe("the end", () => {
  it("flushes and closes all sinks", async () => {
    const { log, sink } = logger();
    await log.flush();
    log.flushSync();
    await log.close();
    expect(sink.calls).toEqual(["flush", "flushSync", "close"]);
  });
});
