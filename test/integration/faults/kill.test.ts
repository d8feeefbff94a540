import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster } from "../../support/TestCluster.js";
import type { TestNode } from "../../support/TestNode.js";

const FILES = 300;
const LARGE_BYTES = 6 * 1024 * 1024;
/** MUSTER_LONG_TESTS=1: more points, and each of them with several delays behind it; about ten minutes. */
const IS_LONG = process.env["MUSTER_LONG_TESTS"] === "1";
const DELAYS = IS_LONG ? [0, 1, 2, 4, 8, 16, 32, 64, 128, 256] : [0];
/** As short as the machine allows: the test waits for some forty rounds. */
const CLUSTER_JSON = {
  intervals: {
    worker: { sync_integrity: 0.15, sync_agent_info: 1, keep_alive: 1, connection_retry: 0.1 },
    master: { recalculate_integrity: 0.15, check_worker_lastkeepalive: 1, max_allowed_time_without_keepalive: 5 },
    communication: { timeout_cluster_request: 5, timeout_receiving_file: 20 },
  },
};
const KEYS = Array.from({ length: 50 }, (_, n) => `${String(n + 1).padStart(3, "0")} agent${n} any key${n}\n`).join("");

/** Where the master dies, and where the worker does: machine and state. */
const POINTS = [
  ["master", "integrityIndexer", "indexing"],
  ["master", "integritySync", "receivingFile"],
  ["master", "integritySync", "packing"],
  ["master", "integritySync", "sendingFile"],
  ["master", "extraValidSync", "receivingFile"],
  ["worker", "integrityCheck", "sendingFile"],
  ["worker", "integrityCheck", "awaitingVerdict"],
  ["worker", "integrityApply", "receivingFile"],
  ["worker", "integrityApply", "unpacking"],
  ["worker", "integrityApply", "applying"],
  ["worker", "extraValidSend", "sendingFile"],
] as const;
const MORE_POINTS = [
  ["master", "integritySync", "unpacking"],
  ["master", "integritySync", "announcing"],
  ["master", "extraValidSync", "applying"],
  ["worker", "integrityCheck", "indexing"],
  ["worker", "integrityCheck", "packing"],
  ["worker", "extraValidSend", "merging"],
] as const;

/** The content of a file in one turn of the test; the first line says which. */
const contentOf = (path: string, turn: number): Buffer => {
  const head = Buffer.from(`${path} in turn ${turn}\n`);
  const bytes = path === "etc/lists/large" ? LARGE_BYTES : 4_096;
  const body = Buffer.alloc(bytes, createHash("sha512").update(head).digest());
  return Buffer.concat([head, body]);
};
const PATHS = [
  "etc/lists/large",
  ...Array.from({ length: FILES }, (_, n) => `etc/rules/folder ${n % 7}/rule ${n}.xml`),
];

describe("SIGKILL in the middle of a synchronisation", () => {
  let cluster: TestCluster;
  let turn = 0;

  const change = async (): Promise<void> => {
    turn += 1;
    const changed = PATHS.filter((_, n) => n % 3 === turn % 3 || n === 0);
    const agent = String((turn % 50) + 1).padStart(3, "0");
    await cluster.worker.write({ [`queue/agent-groups/${agent}`]: `group ${turn}` });
    await cluster.master.write({
      ...Object.fromEntries(changed.map((path) => [path, contentOf(path, turn)])),
      [`etc/shared/only in turn ${turn}/agent.conf`]: String(turn),
    });
    if (turn > 1) await cluster.master.remove(`etc/shared/only in turn ${turn - 1}`);
  };

  /** Every file of the worker is one that the master had at some time, whole. */
  const expectWholeFiles = async (node: TestNode): Promise<void> => {
    for (const folder of ["etc/rules", "etc/lists"]) {
      const entries = await readdir(join(node.root, folder), { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((found) => found.isFile())) {
        const content = await readFile(join(entry.parentPath, entry.name));
        const [, path = "", inTurn = ""] = /^(.*) in turn (\d+)\n/.exec(content.toString("latin1", 0, 200)) ?? [];
        expect(content.equals(contentOf(path, Number(inTurn))), `${entry.parentPath}/${entry.name} is whole`).toBe(
          true,
        );
      }
    }
  };

  beforeAll(async () => {
    cluster = await TestCluster.create({ clusterJson: CLUSTER_JSON });
    const first = Object.fromEntries(PATHS.map((path) => [path, contentOf(path, 0)]));
    await cluster.master.write({ ...first, "etc/client.keys": { content: KEYS, mode: 0o640 } });
    await cluster.start();
    await cluster.settled();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test.each(
    [...POINTS, ...(IS_LONG ? MORE_POINTS : [])].flatMap((point) => DELAYS.map((late) => [...point, late] as const)),
  )("of the %s, as its %s is %s (+ %d ms)", async (who, machine, state, late) => {
    const victim = who === "master" ? cluster.master : cluster.worker;
    const reached = victim.reaches(machine, state);
    await change();
    await reached;
    if (late > 0) await delay(late);
    await victim.kill();
    await expectWholeFiles(cluster.worker);
    victim.start();
    await cluster.settled();
    await expectWholeFiles(cluster.worker);
  });

  test("of both at once", async () => {
    const reached = cluster.worker.reaches("integrityApply", "applying");
    await change();
    await reached;
    await Promise.all([cluster.worker.kill(), cluster.master.kill()]);
    await expectWholeFiles(cluster.worker);
    await cluster.start();
    await cluster.settled();
  });
});
