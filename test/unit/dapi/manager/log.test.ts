import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLogLine } from "../../../../src/dapi/catalogue/manager/parseLogLine.js";
import { LOG_BYTES, LOG_LINES } from "../../../../src/dapi/catalogue/manager/readLog.js";
import { renderResult } from "../../../../src/dapi/results/renderResult.js";
import { membersOf, nodeFixture, type NodeFixture } from "../nodeFixture.js";

const LOG = `2026/11/23 17:00:00 wazuh-remoted: INFO: (1410): Reading authentication keys file.
2026/11/23 17:00:01 rootcheck: INFO: Starting rootcheck scan.
2026/11/23 17:00:02 wazuh-modulesd:syscollector: WARNING: slow
  and a second line of it
2026/11/23 17:00:03 wazuh-remoted: ERROR: Unable to bind port '1514'
2026/11/23 17:00:04 wazuh-db[77] wdb.c:12 at wdb_open(): DEBUG: opened
2026/11/23 17:00:05 wazuh-remoted: CRITICAL: gone
`;

const nodeWith = (log: string): Promise<NodeFixture> => nodeFixture({ "logs/ossec.log": log });
const atSecond = (second: number): Date => new Date(2026, 10, 23, 17, 0, second);

describe("ossec_log", () => {
  test("gives the entries, oldest first, with the machine's time as an instant", async () => {
    const node = await nodeWith(LOG);
    const result = await node.call("manager:ossec_log");
    expect(result.affectedItems).toEqual([
      {
        timestamp: atSecond(0),
        tag: "wazuh-remoted",
        level: "info",
        description: " (1410): Reading authentication keys file.",
      },
      { timestamp: atSecond(1), tag: "wazuh-rootcheck", level: "info", description: " Starting rootcheck scan." },
      { timestamp: atSecond(2), tag: "wazuh-modulesd:syscollector", level: "warning", description: " slow" },
      { timestamp: atSecond(3), tag: "wazuh-remoted", level: "error", description: " Unable to bind port '1514'" },
      { timestamp: atSecond(4), tag: "wazuh-db", level: "debug", description: " opened" },
      { timestamp: atSecond(5), tag: "wazuh-remoted", level: "critical", description: " gone" },
    ]);
    expect(result).toMatchObject({
      totalAffectedItems: 6,
      allMessage: "Logs were successfully read in specified node",
      someMessage: "Could not read logs in some nodes",
      noneMessage: "Could not read logs in specified node",
    });
    const { data } = renderResult(result) as { data: { affected_items: { timestamp: string }[] } };
    expect(data.affected_items[5]?.timestamp).toBe(`${atSecond(5).toISOString().slice(0, 19)}Z`);
  });

  test("filters by level and tag, queries, searches, sorts and cuts", async () => {
    const node = await nodeWith(LOG);
    const secondsOf = async (args: Readonly<Record<string, unknown>>): Promise<unknown[]> => {
      const items = membersOf(await node.call("manager:ossec_log", args), "timestamp") as Date[];
      return items.map((timestamp) => timestamp.getSeconds());
    };
    expect(await secondsOf({ level: "ERROR" })).toEqual([3]);
    expect(await secondsOf({ tag: "wazuh-remoted", q: "level!=info" })).toEqual([3, 5]);
    expect(await secondsOf({ tag: "wazuh-remoted;level=info", q: "" })).toEqual([]);
    expect(await secondsOf({ level: null, tag: "", q: "description~bind,level=debug" })).toEqual([3, 4]);
    expect(await secondsOf({ search_text: "ROOTCHECK" })).toEqual([1]);
    expect(await secondsOf({ sort_by: ["timestamp"], sort_ascending: false, limit: 2, offset: 1 })).toEqual([4, 3]);
    await expect(node.call("manager:ossec_log", { q: "nothing=1" })).rejects.toMatchObject({ code: 1408 });
    await expect(node.call("manager:ossec_log", { sort_by: ["nothing"] })).rejects.toMatchObject({ code: 1403 });
    await expect(node.call("manager:ossec_log", { limit: 0 })).rejects.toMatchObject({ code: 1406 });
  });

  const lineOf = (number: number, text: string): string => `2026/11/23 17:00:00 x: INFO: ${String(number)} ${text}\n`;
  const numbersOf = async (node: NodeFixture): Promise<number[]> => {
    const items = membersOf(await node.call("manager:ossec_log", { limit: null }), "description");
    return (items as string[]).map((text) => Number.parseInt(text, 10));
  };

  test("looks at the last lines only, whether they are short or long", async () => {
    for (const text of ["short", "long ".repeat(100)]) {
      const lines = Array.from({ length: LOG_LINES + 500 }, (_, number) => lineOf(number, text));
      const numbers = await numbersOf(await nodeWith(lines.join("")));
      expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([LOG_LINES, 500, LOG_LINES + 499]);
    }
  });

  test("reads no more than its bound of huge lines, from the beginning of a line on", async () => {
    const lines = Array.from({ length: 100 }, (_, number) => lineOf(number, "x".repeat(60_000)));
    const numbers = await numbersOf(await nodeWith(lines.join("")));
    expect(numbers.at(-1)).toBe(99);
    expect(numbers.length).toBe(Math.floor(LOG_BYTES / (lines[99]?.length ?? 1)));
  });

  test("tells that there is no log, and that it can't be read", async () => {
    const node = await nodeWith("");
    expect((await node.call("manager:ossec_log")).totalAffectedItems).toBe(0);
    await rm(join(node.root, "logs/ossec.log"));
    await expect(node.call("manager:ossec_log")).rejects.toMatchObject({
      code: 1020,
      errorClass: "WazuhInternalError",
    });
    const folder = await nodeFixture({ "logs/ossec.log/x": "" });
    await expect(folder.call("manager:ossec_log")).rejects.toMatchObject({
      code: 1006,
      extraMessage: expect.stringMatching(/EISDIR/) as unknown,
    });
  });

  test("ends with its signal", async () => {
    const node = await nodeFixture({ "logs/ossec.log": LOG }, { signal: AbortSignal.abort(new Error("late")) });
    await expect(node.call("manager:ossec_log")).rejects.toThrow("late");
  });
});

test("ossec_log_summary counts the levels of each tag, in the tags' order", async () => {
  const node = await nodeWith(LOG);
  const result = await node.call("manager:ossec_log_summary");
  const none = { info: 0, error: 0, critical: 0, warning: 0, debug: 0 };
  expect(result.affectedItems).toEqual([
    { "wazuh-db": { all: 1, ...none, debug: 1 } },
    { "wazuh-modulesd:syscollector": { all: 1, ...none, warning: 1 } },
    { "wazuh-remoted": { all: 3, ...none, info: 1, error: 1, critical: 1 } },
    { "wazuh-rootcheck": { all: 1, ...none, info: 1 } },
  ]);
  expect(Object.keys((result.affectedItems[0] as Record<string, object>)["wazuh-db"] ?? {})).toEqual([
    "all",
    "info",
    "error",
    "critical",
    "warning",
    "debug",
  ]);
  expect(result).toMatchObject({
    allMessage: "Log was successfully summarized in specified node",
    someMessage: "Could not summarize the log in some nodes",
    noneMessage: "Could not summarize the log in specified node",
  });
});

describe("a log line", () => {
  test.each([
    ["a: INFO: said: ERROR: x", "a", "info", " said: ERROR: x"],
    ["a[1]: INFO: said: ERROR: x", "a", "info", " said: ERROR: x"],
    ["a[1] b.c:2 at c(): INFO: said: ERROR: x", "a", "error", " x"],
    ["[a]: INFO: x", "[a]", "info", " x"],
    ["a:b: INFO:", "a:b", "info", ""],
  ])("%j has its tag, level and text", (text, tag, level, description) => {
    expect(parseLogLine(`2026/01/02 03:04:05 ${text}`)).toMatchObject({ tag, level, description });
  });

  test.each([
    "",
    "2026/01/02 03:04:05 a: NOTICE: x",
    "2026/01/02 03:04:05 a INFO: x",
    "2026/01/02 03:04:05 : INFO: x",
    "2026/13/02 03:04:05 a: INFO: x",
    "2026/02/30 03:04:05 a: INFO: x",
    "2026/01/02 24:00:00 a: INFO: x",
    " 2026/01/02 03:04:05 a: INFO: x",
    "26/01/02 03:04:05 a: INFO: x",
  ])("is none: %j", (line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });

  const time = fc.date({
    min: new Date(1000, 0, 2),
    max: new Date(9999, 11, 30),
    noInvalidDate: true,
  });
  const two = (number: number): string => String(number).padStart(2, "0");

  test("that is written is read", () => {
    fc.assert(
      fc.property(
        time,
        fc.stringMatching(/^[a-z][\w:-]{0,20}$/),
        fc.constantFrom("debug", "info", "critical", "error", "warning"),
        fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text)),
        fc.boolean(),
        (date, tag, level, text, withPlace) => {
          date.setMilliseconds(0);
          const day = `${String(date.getFullYear())}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
          const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
          const place = withPlace ? "[12] file.c:3 at f()" : "";
          const description = withPlace ? text.replaceAll(":", ".") : text;
          const entry = parseLogLine(`${day} ${clock} ${tag}${place}: ${level.toUpperCase()}:${description}`);
          expect(entry).toMatchObject({ level, description });
          expect(entry?.tag).toBe(tag.includes("rootcheck") ? "wazuh-rootcheck" : tag);
          // An hour that clocks show twice is taken as one of the two.
          expect([entry?.timestamp.getHours(), entry?.timestamp.getMinutes()]).toEqual([
            date.getHours(),
            date.getMinutes(),
          ]);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  test("of any other kind breaks nothing", () => {
    const piece = fc.constantFrom(
      "2026/01/02 03:04:05 ",
      "a",
      "[",
      "]",
      ": INFO:",
      ": ERROR:",
      " ",
      ":",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const line = pieces.join("");
        const entry = parseLogLine(line);
        if (entry !== undefined) expect(line.endsWith(entry.description)).toBe(true);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  test("that is hostile takes no longer than its length", () => {
    for (const text of ["[".repeat(500_000), "[: INFO".repeat(100_000), ": INFO:".repeat(100_000)]) {
      expect(parseLogLine(`2026/01/02 03:04:05 a${text}`)?.tag ?? "a").toMatch(/^a/);
    }
  });
});
