import { describe, expect, test, vi } from "vitest";
import { AgentFigures } from "../../../src/http/metrics/AgentFigures.js";
import { isLoopback } from "../../../src/http/metrics/isLoopback.js";
import { ManualClock } from "../../support/manualClock.js";

test.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["10.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["fe80::1", false],
  ["127.0.0.1.example.org", false],
  ["", false],
  [undefined, false],
])("%s is this machine: %s", (address, isOwn) => {
  expect(isLoopback(address)).toBe(isOwn);
});

describe("agents by status", () => {
  test("are asked for once in thirty seconds, also by several readers at once", async () => {
    const clock = new ManualClock();
    const listAgents = vi.fn(async () => ({ agents: [], total: 7 }));
    const figures = new AgentFigures({ listAgents }, clock);
    const both = await Promise.all([figures.byStatus(), figures.byStatus()]);
    expect(both.map((map) => [...map])).toEqual(Array(2).fill([["active", 7], ["disconnected", 7], ["never_connected", 7], ["pending", 7]]));
    clock.advance(30_000);
    await figures.byStatus();
    expect(listAgents).toHaveBeenCalledTimes(4);
    clock.advance(1);
    await figures.byStatus();
    expect(listAgents).toHaveBeenCalledTimes(8);
  });

  test("are left out while the store does not answer", async () => {
    const listAgents = vi.fn(async () => Promise.reject(new Error("no store")));
    expect([...(await new AgentFigures({ listAgents }, new ManualClock()).byStatus())]).toEqual([]);
  });
});
