import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatLocalTime, formatLogLine } from "../../../src/telemetry/formatLogLine.js";
import type { LogRecord } from "../../../src/telemetry/formatLogLine.js";
import { LOG_LEVELS } from "../../../src/telemetry/Logger.js";

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = "Asia/Kolkata";
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const record = (changes: Partial<LogRecord> = {}): LogRecord => ({
  level: "info",
  time: Date.UTC(2021, 5, 1, 4, 30, 9),
  message: "Starting.",
  ...changes,
});

describe("a line for people", () => {
  it("has the reference's format, in local time", () => {
    expect(
      formatLogLine(
        record({
          level: "error",
          message: "Error 3004 - Error in cluster configuration: Unspecified key",
          tag: "Cluster",
          subtag: "Main",
        }),
      ),
    ).toBe("2021/06/01 10:00:09 ERROR: [Cluster] [Main] Error 3004 - Error in cluster configuration: Unspecified key");
  });

  it("has the tags Cluster and Main unless told others", () => {
    expect(formatLogLine(record())).toBe("2021/06/01 10:00:09 INFO: [Cluster] [Main] Starting.");
    expect(formatLogLine(record({ tag: "Worker w1", subtag: "Integrity sync" }))).toContain(
      " INFO: [Worker w1] [Integrity sync] ",
    );
  });

  it("names all levels as the reference does", () => {
    expect(LOG_LEVELS.map((level) => formatLogLine(record({ level })).split(" ")[2])).toEqual([
      "ERROR:",
      "WARNING:",
      "INFO:",
      "DEBUG:",
      "DEBUG2:",
    ]);
  });

  it("colours nothing but the level", () => {
    expect(formatLogLine(record({ level: "warning" }), { colour: true })).toBe(
      "2021/06/01 10:00:09 \u001b[33mWARNING\u001b[0m: [Cluster] [Main] Starting.",
    );
  });

  it.each([
    ["a line end", "a\nb", "a\\nb"],
    ["a carriage return", "a\rb", "a\\x0db"],
    ["a terminal's escape", "a\u001b[2Jb", "a\\x1b[2Jb"],
    ["a C1 control character", "a\u009bb", "a\\x9bb"],
    ["a Unicode line separator", "a\u2028b", "a\\u2028b"],
  ])("shows %s as an escape, so that no peer can forge a line", (_name, text, shown) => {
    expect(formatLogLine(record({ message: text, tag: text, subtag: text }))).toBe(
      `2021/06/01 10:00:09 INFO: [${shown}] [${shown}] ${shown}`,
    );
  });

  it("has a stack below it when given one", () => {
    expect(formatLogLine(record({ stack: "Error: x\n    at \u001b[1mf" })).split("\n")).toEqual([
      "2021/06/01 10:00:09 INFO: [Cluster] [Main] Starting.",
      "  Error: x",
      "      at \\x1b[1mf",
    ]);
  });

  it("fills the parts of a time with zeros", () => {
    expect(formatLocalTime(Date.UTC(2024, 0, 1, 20, 31, 2))).toBe("2024/01/02 02:01:02");
  });
});
