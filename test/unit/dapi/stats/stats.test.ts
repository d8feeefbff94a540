import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTotals } from "../../../../src/dapi/catalogue/stats/parseTotals.js";
import { parseStateFile } from "../../../../src/dapi/catalogue/stats/readStateFile.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { ManualClock } from "../../../support/manualClock.js";
import { nodeFixture } from "../nodeFixture.js";

const DAY = "stats/totals/2026/Nov/ossec-totals-03.log";
const TOTALS = "0-5402-3-2\n0-5501-3-1\n0--3--40--5--0\n\n1--0--7--0--0\n2-5402-3-1\n2--1--2--0--1\n";
const HOURS = [
  {
    hour: 0,
    alerts: [
      { sigid: 5402, level: 3, times: 2 },
      { sigid: 5501, level: 3, times: 1 },
    ],
    totalAlerts: 3,
    events: 40,
    syscheck: 5,
    firewall: 0,
  },
  { hour: 1, alerts: [], totalAlerts: 0, events: 7, syscheck: 0, firewall: 0 },
  { hour: 2, alerts: [{ sigid: 5402, level: 3, times: 1 }], totalAlerts: 1, events: 2, syscheck: 0, firewall: 1 },
];

describe("totals", () => {
  test("gives the hours of a day", async () => {
    const node = await nodeFixture({ [DAY]: TOTALS });
    const result = await node.call("stats:totals", { date: new Date(Date.UTC(2026, 10, 3)) });
    expect(result).toMatchObject({
      affectedItems: HOURS,
      totalAffectedItems: 3,
      allMessage: "Statistical information for each node was successfully read",
      someMessage: "Could not read statistical information for some nodes",
      noneMessage: "Could not read statistical information for any node",
    });
    expect((await node.call("stats:totals", { date: "2026-11-03" })).affectedItems).toEqual(HOURS);
  });

  test("without a date gives those of today, in UTC", async () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 3, 23, 59));
    const node = await nodeFixture({ [DAY]: TOTALS }, { context: { clock } });
    expect((await node.call("stats:totals")).totalAffectedItems).toBe(3);
    expect((await node.call("stats:totals", { date: null })).totalAffectedItems).toBe(3);
  });

  test("of a day without any fail with 1308, damaged ones with 1309", async () => {
    const node = await nodeFixture({ [DAY]: "0--1\n", "stats/totals/2026/Nov/ossec-totals-04.log": "x".repeat(5e6) });
    await expect(node.call("stats:totals", { date: "2026-11-05" })).rejects.toMatchObject({
      code: 1308,
      errorClass: "WazuhError",
      extraMessage: `${node.root}/stats/totals/2026/Nov/ossec-totals-05.log`,
    });
    for (const date of ["2026-11-03", "2026-11-04"]) {
      await expect(node.call("stats:totals", { date })).rejects.toMatchObject({
        code: 1309,
        errorClass: "WazuhInternalError",
      });
    }
    await expect(node.call("stats:totals", { date: "2026-02-30" })).rejects.toThrow("must be a date");
  });

  const count = fc.nat({ max: 1e9 });
  const hour = fc.record({
    hour: fc.nat({ max: 23 }),
    alerts: fc.array(fc.record({ sigid: count, level: fc.nat({ max: 16 }), times: count }), { maxLength: 5 }),
    totalAlerts: count,
    events: count,
    syscheck: count,
    firewall: count,
  });

  test("that are written are read", () => {
    fc.assert(
      fc.property(fc.array(hour, { maxLength: 24 }), fc.constantFrom("\n", " \n", "\r\n"), (hours, end) => {
        const lines = hours.flatMap((one) => [
          ...one.alerts.map(({ sigid, level, times }) => [one.hour, sigid, level, times].join("-")),
          [one.hour, one.totalAlerts, one.events, one.syscheck, one.firewall].join("--"),
        ]);
        expect(parseTotals(lines.map((line) => line + end).join(""))).toEqual(hours);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test("of any other form are an error of the catalogue, or hours with whole numbers", () => {
    const piece = fc.constantFrom("-", "--", "0", "12", "x", "\n", " ", "1e5", "0x1", "");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        try {
          for (const one of parseTotals(pieces.join(""))) expect(Number.isInteger(one.totalAlerts)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MusterError);
          expect((error as MusterError).code).toBe(1309);
        }
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});

describe("hourly and weekly", () => {
  test("give averages, 0 where there is no file", async () => {
    const node = await nodeFixture({
      "stats/hourly-average/0": "5\n",
      "stats/hourly-average/23": "7",
      "stats/hourly-average/24": "12",
      "stats/weekly-average/0/3": "4",
      "stats/weekly-average/6/24": "2",
    });
    const zeros = Array.from({ length: 24 }, () => 0);
    expect(await node.call("stats:hourly")).toMatchObject({
      affectedItems: [{ averages: zeros.with(0, 5).with(23, 7), interactions: 12 }],
      allMessage: "Statistical information per hour for each node was successfully read",
      someMessage: "Could not read statistical information per hour for some nodes",
      noneMessage: "Could not read statistical information per hour for any node",
    });
    const weekly = await node.call("stats:weekly");
    expect(weekly.affectedItems).toEqual([
      { Sun: { hours: zeros.with(3, 4), interactions: 0 } },
      ...["Mon", "Tue", "Wed", "Thu", "Fri"].map((day) => ({ [day]: { hours: zeros, interactions: 0 } })),
      { Sat: { hours: zeros, interactions: 2 } },
    ]);
    expect(weekly.allMessage).toBe("Statistical information per week for each node was successfully read");
  });

  test.each(["", "x", "1.5", "1 2", "9".repeat(100)])("refuse %j in place of a number", async (text) => {
    const node = await nodeFixture({ "stats/hourly-average/3": text, "stats/weekly-average/2/3": text });
    await expect(node.call("stats:hourly")).rejects.toMatchObject({
      code: 1309,
      extraMessage: expect.stringMatching(/hourly-average\/3$/) as unknown,
    });
    await expect(node.call("stats:weekly")).rejects.toMatchObject({
      code: 1309,
      extraMessage: expect.stringMatching(/weekly-average\/2\/3$/) as unknown,
    });
  });
});

describe("get_daemons_stats", () => {
  const STATE = "# State file for wazuh-remoted\n\n# Queue\nqueue_size='12'\nTCP_sessions='3'\nevt_count='1.5'\n";

  test("gives the node's own counters, whichever root the asker has", async () => {
    const node = await nodeFixture({ "var/run/wazuh-remoted.state": STATE });
    for (const root of [node.root, "/var/ossec"]) {
      const result = await node.call("stats:get_daemons_stats", { filename: `${root}/var/run/wazuh-remoted.state` });
      expect(result.affectedItems).toEqual([{ queue_size: 12, tcp_sessions: 3, evt_count: 1.5 }]);
    }
  });

  test.each([
    "/etc/passwd",
    "var/run/wazuh-db.state",
    "/x/var/run/../wazuh-remoted.state",
    "xvar/run/wazuh-remoted.state",
  ])("opens no other file: %s", async (filename) => {
    const node = await nodeFixture({ "var/run/wazuh-remoted.state": STATE });
    await expect(node.call("stats:get_daemons_stats", { filename })).rejects.toMatchObject({ code: 1308 });
    expect(node.reads).toEqual([]);
  });

  test("tells that a file is not there, or has no number", async () => {
    const node = await nodeFixture({ "var/run/wazuh-analysisd.state": "a='b'" });
    const ask = (name: string) => node.call("stats:get_daemons_stats", { filename: `/var/run/wazuh-${name}.state` });
    await expect(ask("remoted")).rejects.toMatchObject({ code: 1308 });
    await expect(ask("analysisd")).rejects.toMatchObject({ code: 1104, errorClass: "WazuhInternalError" });
  });

  test("reads what is written, and no broken line", () => {
    const name = fc.stringMatching(/^[a-z_]{1,20}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.nat()), (counters) => {
        const text = Object.entries(counters).map(([key, value]) => `${key}='${String(value)}'`);
        expect(parseStateFile(text.join("\n"))).toEqual({ ...counters });
      }),
      { seed: 4 },
    );
    for (const line of ["a=1", "a=''", "a=' '", "a='1", "='1'", "a b='1'", "a='NaN'", "a='Infinity'"]) {
      expect(() => parseStateFile(line)).toThrow(MusterError);
    }
  });
});
