import { describe, expect, it } from "vitest";
import { longHealth, shortHealth } from "../../../src/cli/control/healthText.js";
import { plainTable } from "../../../src/cli/control/plainTable.js";
import { runCli } from "../../../src/cli/runCli.js";
import { testEnvironment } from "./testEnvironment.js";

/** The example of dapi.md 4.2. */
const HEALTH = {
  n_connected_nodes: 1,
  nodes: {
    worker1: {
      info: { name: "worker1", type: "worker", version: "4.3.0", ip: "172.21.0.7", n_active_agents: 3 },
      status: {
        sync_integrity_free: true,
        sync_extravalid_free: true,
        last_check_integrity: { date_start_master: "2021-05-27T10:50:51.325656Z", date_end_master: "2021-05-27T10:50:51.342140Z" },
        last_sync_integrity: {
          date_start_master: "2021-05-27T10:48:54.086973Z",
          date_end_master: "2021-05-27T10:48:54.093328Z",
          total_extra_valid: 0,
          total_files: { missing: 2, shared: 0, extra: 0, extra_valid: 0 },
        },
        last_sync_agentinfo: {
          date_start_master: "2021-05-27T10:50:49.174463Z",
          date_end_master: "2021-05-27T10:50:49.175921Z",
          n_synced_chunks: 1,
        },
        last_keep_alive: "2021-05-27T10:50:08.985208Z",
      },
    },
    "master-node": { info: { name: "master-node", type: "master", version: "4.3.0", ip: "wazuh-master", n_active_agents: 5 } },
  },
};

async function muster(...args: string[]) {
  const environment = testEnvironment();
  const code = await runCli(args, environment);
  return { code, out: environment.out(), err: environment.err() };
}

describe("what muster control prints", () => {
  it("is the reference's table: heads in capitals, each cell two wider than its column needs", () => {
    const rows = [
      ["master-node", "master", "4.3.0", "wazuh-master"],
      ["worker1", "worker", "4.3.0", "172.26.0.7"],
    ];
    expect(plainTable(["name", "type", "version", "address"], rows)).toBe(
      "NAME         TYPE    VERSION  ADDRESS       \n" +
        "master-node  master  4.3.0    wazuh-master  \n" +
        "worker1      worker  4.3.0    172.26.0.7    \n",
    );
  });

  it("lets no cell break out of its line", () => {
    expect(plainTable(["name"], [["a\nb\u001b[31m"]])).toBe("NAME            \na\\x0ab\\x1b[31m  \n");
  });

  it("is the reference's short health, workers only", () => {
    expect(shortHealth("wazuh", HEALTH)).toBe(
      "Cluster name: wazuh\n\nLast completed synchronization for connected nodes (1):\n" +
        "    worker1 (172.21.0.7): Integrity check: 2021-05-27T10:50:51.342140Z | Integrity sync: 2021-05-27T10:48:54.093328Z | " +
        "Agents-info: 2021-05-27T10:50:49.175921Z | Last keep alive: 2021-05-27T10:50:08.985208Z.\n\n",
    );
  });

  it("is the reference's long health, nodes by name", () => {
    expect(longHealth("wazuh", HEALTH)).toBe(`Cluster name: wazuh

Connected nodes (1):

    master-node (wazuh-master)
        Version: 4.3.0
        Type: master
        Active agents: 5

    worker1 (172.21.0.7)
        Version: 4.3.0
        Type: worker
        Active agents: 3
        Status:
            Last keep Alive:
                Last received: 2021-05-27T10:50:08.985208Z.
            Integrity check:
                Last integrity check: 2021-05-27T10:50:51.325656Z - 2021-05-27T10:50:51.342140Z.
                Permission to check integrity: True.
            Integrity sync:
                Last integrity synchronization: 2021-05-27T10:48:54.086973Z - 2021-05-27T10:48:54.093328Z.
                Synchronized files: Shared: 0 | Missing: 2 | Extra: 0 | Extra valid: 0.
                Permission to sync extra valid files: True.
                Extra valid files correctly updated in master: 0.
            Agents-info:
                Last synchronization: 2021-05-27T10:50:49.174463Z - 2021-05-27T10:50:49.175921Z.
                Number of synchronized chunks: 1.

`);
  });

  it("has what a later dialect tells, and n/a for what a report leaves out", () => {
    const nodes = {
      w: { info: { name: "w", ip: "10.0.0.2", type: "worker" }, status: { sync_agent_info_free: false, last_sync_agentgroup: { date_start: "n/a", date_end: "n/a", n_synced_chunks: 0 } } },
    };
    const printed = longHealth("c", { n_connected_nodes: 1, nodes });
    expect(printed).toContain("Permission to synchronize agent-info: False.");
    expect(printed).toContain("Agents-groups:\n                Last synchronization: n/a - n/a.");
    expect(printed).not.toContain("Extra valid");
    expect(shortHealth("c", { nodes })).toContain("Agents-info: n/a | Agent-groups: n/a | Last keep alive: n/a.");
  });
});

describe("muster control", () => {
  it("ends with status 3 where no node serves the root, and says how to start one", async () => {
    const { code, err } = await muster("control", "--root", "/nonexistent/muster", "nodes");
    expect(code).toBe(3);
    expect(err).toContain("Error 3012 - Cluster is not running: no node answers on /nonexistent/muster/queue/cluster/c-internal.sock (ENOENT)");
    expect(err).toContain("muster run --root /nonexistent/muster");
  });

  it.each([
    [["health", "less"], "takes the word 'more' or nothing, not 'less'"],
    [["agents", "--filter-status", "gone"], "'gone' is no state of an agent. Choose from: active, disconnected"],
    [["nodes", "--timeout", "0"], "a number of seconds above 0"],
  ])("refuses %j with status 2", async (args, text) => {
    const { code, err } = await muster("control", ...args);
    expect(code).toBe(2);
    expect(err).toContain(text);
  });
});
