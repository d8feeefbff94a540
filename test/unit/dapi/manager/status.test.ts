import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DAEMONS } from "../../../../src/dapi/daemonState.js";
import { timeZoneAt } from "../../../../src/dapi/catalogue/manager/timeZoneAt.js";
import type { FunctionContext } from "../../../../src/dapi/CatalogueFunction.js";
import { ManualClock } from "../../../support/manualClock.js";
import { nodeFixture, type NodeFixtureOptions } from "../nodeFixture.js";

const DEAD_PID = 999_999_999;

/** The cluster part of a node, as the status needs it. */
const cluster = (running: boolean): Partial<FunctionContext> => ({
  cluster: { running } as FunctionContext["cluster"],
});

async function statusOf(names: readonly string[], running = false): Promise<Record<string, string>> {
  const tree = Object.fromEntries(names.map((name) => [`var/run/${name}`, ""]));
  const node = await nodeFixture(tree, { context: cluster(running) });
  const { affectedItems } = await node.call("manager:get_status");
  return affectedItems[0] as Record<string, string>;
}

describe("get_status", () => {
  test("tells each daemon's state by its files, in the reference's order", async () => {
    const own = String(process.pid);
    const status = await statusOf([
      `wazuh-db-${own}.pid`,
      `wazuh-authd-${String(DEAD_PID)}.pid`,
      `wazuh-remoted-${String(DEAD_PID)}.pid`,
      `wazuh-remoted-${own}.pid`,
      "wazuh-maild.start",
      `wazuh-analysisd-${own}.pid`,
      "wazuh-analysisd.failed",
    ]);
    expect(Object.keys(status)).toEqual([...DAEMONS]);
    expect(status).toMatchObject({
      "wazuh-db": "running",
      "wazuh-dbd": "stopped",
      "wazuh-authd": "failed",
      "wazuh-remoted": "running",
      "wazuh-maild": "starting",
      "wazuh-analysisd": "failed",
    });
  });

  test("tells all as restarting while they are, but those that failed", async () => {
    const status = await statusOf([".restart", "wazuh-maild.start", "wazuh-execd.failed"]);
    expect(status["wazuh-execd"]).toBe("failed");
    expect(Object.values(status).filter((state) => state === "restarting")).toHaveLength(DAEMONS.length - 1);
  });

  test("takes no other name for a daemon's", async () => {
    const own = String(process.pid);
    const status = await statusOf([`wazuh-db-x-${own}.pid`, "wazuh-db-.pid", "wazuh-db-1e3.pid", `wazuh-db-${own}`]);
    expect(new Set(Object.values(status))).toEqual(new Set(["stopped"]));
  });

  test("counts this process as the cluster's daemon while it runs", async () => {
    expect((await statusOf([], true))["wazuh-clusterd"]).toBe("running");
    expect((await statusOf([`wazuh-clusterd-${String(DEAD_PID)}.pid`], true))["wazuh-clusterd"]).toBe("running");
    expect((await statusOf([], false))["wazuh-clusterd"]).toBe("stopped");
  });

  test("says whether the node is one of a cluster", async () => {
    const messagesOf = async (disabled: boolean): Promise<unknown> => {
      const node = await nodeFixture({}, { cluster: { disabled }, context: cluster(false) });
      const { allMessage, someMessage, noneMessage } = await node.call("manager:get_status");
      return [allMessage, someMessage, noneMessage];
    };
    expect(await messagesOf(false)).toEqual([
      "Processes status was successfully read in specified node",
      "Could not read basic information in some nodes",
      "Could not read processes status in specified node",
    ]);
    expect(await messagesOf(true)).toEqual([
      "Processes status was successfully read",
      "Could not read basic information in some nodes",
      "Could not read processes status",
    ]);
  });

  test("a node without the folder has stopped daemons", async () => {
    const node = await nodeFixture({ "var/run/x": "" }, { context: cluster(false) });
    await rm(join(node.root, "var"), { recursive: true });
    const { affectedItems } = await node.call("manager:get_status");
    expect(new Set(Object.values(affectedItems[0] as object))).toEqual(new Set(["stopped"]));
  });
});

describe("get_basic_info", () => {
  const at = Date.UTC(2026, 10, 23, 17, 33, 44, 624);
  const storeWith = (query: () => Promise<unknown>): NodeFixtureOptions => ({
    context: { clock: new ManualClock(at), store: { query } as unknown as FunctionContext["store"] },
  });

  test("tells what the node is", async () => {
    const node = await nodeFixture(
      {},
      storeWith(() => Promise.resolve({ rows: [{ value: "yes" }], total: 1 })),
    );
    const result = await node.call("manager:get_basic_info");
    const zone = timeZoneAt(new Date(at));
    expect(result.affectedItems).toEqual([
      {
        path: node.root,
        version: "v4.3.0",
        compilation_date: new Date(at),
        type: "server",
        max_agents: "unlimited",
        openssl_support: "yes",
        tz_offset: zone.offset,
        tz_name: zone.name,
      },
    ]);
    expect(result.allMessage).toBe("Basic information was successfully read in specified node");
  });

  test.each([
    ["has no such row", () => Promise.resolve({ rows: [], total: 0 })],
    ["can't be asked", () => Promise.reject(new Error("no connection"))],
  ])("knows nothing of openssl when the store %s", async (_, query) => {
    const node = await nodeFixture({}, storeWith(query));
    const { affectedItems } = await node.call("manager:get_basic_info");
    expect(affectedItems).toMatchObject([{ openssl_support: "N/A" }]);
  });
});

test.each([
  ["UTC", 0, "+0000", "UTC"],
  ["Europe/Madrid", 0, "+0100", "CET"],
  ["Europe/Madrid", 6, "+0200", "CEST"],
  ["America/New_York", 0, "-0500", "EST"],
  ["Asia/Kolkata", 0, "+0530", "IST"],
  ["Europe/Istanbul", 0, "+0300", "+03"],
  ["Asia/Kathmandu", 0, "+0545", "+0545"],
])("the zone %s in month %i is %s %s", (zone, month, offset, name) => {
  expect(timeZoneAt(new Date(Date.UTC(2026, month, 15)), zone)).toEqual({ offset, name });
});
