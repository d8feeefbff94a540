import { describe, expect, test } from "vitest";
import type { NodeFiles } from "../../../../src/dapi/CatalogueFunction.js";
import { DaemonReadiness } from "../../../../src/dapi/readiness.js";
import { ManualClock } from "../../../support/manualClock.js";

const SERVICES = ["wazuh-db", "wazuh-modulesd"];

function readiness(names: readonly string[], running: readonly number[] = []) {
  const clock = new ManualClock();
  const state = { names, lists: 0 };
  const files = {
    list: () => {
      state.lists += 1;
      return Promise.resolve(state.names.map((name) => ({ name, isFile: true, isFolder: false })));
    },
    processRuns: (pid: number) => Promise.resolve(running.includes(pid)),
  } as Partial<NodeFiles> as NodeFiles;
  return { clock, state, ready: new DaemonReadiness(files, clock) };
}

describe("DaemonReadiness", () => {
  test.each<[string, readonly string[]]>([
    ["without any mark", []],
    ["with marks of daemons that do not count alone", ["wazuh-clusterd-7.pid", "wazuh-apid.failed"]],
    ["with all of them running", ["wazuh-db-7.pid", "wazuh-modulesd-7.pid"]],
    ["with one that starts", ["wazuh-db-7.pid", "wazuh-modulesd.start"]],
  ])("a node %s is ready", async (_, names) => {
    await expect(readiness(names, [7]).ready.require(SERVICES, "m")).resolves.toBeUndefined();
  });

  test.each<[readonly string[], string]>([
    [["wazuh-db-7.pid"], "wazuh-modulesd->stopped"],
    [["wazuh-db-8.pid", "wazuh-modulesd-7.pid"], "wazuh-db->failed"],
    [["wazuh-db.failed", "wazuh-modulesd-7.pid"], "wazuh-db->failed"],
    [["wazuh-db-7.pid", ".restart"], "wazuh-db->restarting, wazuh-modulesd->restarting"],
  ])("a node with %j is not: %s", async (names, told) => {
    await expect(readiness(names, [7]).ready.require(SERVICES, "m")).rejects.toMatchObject({
      code: 1017,
      extraMessage: { node_name: "m", not_ready_daemons: told },
    });
  });

  test("the folder is read once a second, and not at all for a request that counts on nothing", async () => {
    const { clock, state, ready } = readiness(["wazuh-db-7.pid"], [7]);
    await ready.require([], "m");
    expect(state.lists).toBe(0);
    await expect(ready.require(SERVICES, "m")).rejects.toThrow();
    state.names = ["wazuh-db-7.pid", "wazuh-modulesd-7.pid"];
    await expect(ready.require(SERVICES, "m")).rejects.toThrow();
    clock.advance(1_000);
    await expect(ready.require(SERVICES, "m")).resolves.toBeUndefined();
    expect(state.lists).toBe(2);
  });
});
