import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MusterProcess } from "../../support/processes.js";
import { freePort, makeRoot, readTree, runCommand, startNode, waitUntil, writeTree } from "../../support/processes.js";

const KEY = "0123456789abcdef0123456789abcdef";
let roots: string[] = [];

beforeEach(() => {
  roots = [];
});
afterEach(async () => {
  await Promise.all(roots.map((root) => rm(root, { recursive: true, force: true })));
});

async function root(kind: "master" | "worker", name: string, port: number): Promise<string> {
  const path = await makeRoot({ kind, name, port, key: KEY, cluster: "tested" });
  roots.push(path);
  return path;
}

describe("real processes", () => {
  test("a worker gets the master's files, and both end with status 0", async () => {
    const port = await freePort();
    const masterRoot = await root("master", "m1", port);
    const workerRoot = await root("worker", "w1", port);
    await writeTree(masterRoot, {
      "etc/client.keys": { content: "001 web01 any 0\n", mode: 0o640 },
      "etc/rules/local_rules.xml": "<group name='local'/>\n",
      "etc/shared/default/agent.conf": "<agent_config/>\n",
    });
    await writeTree(workerRoot, { "etc/rules/local_rules.xml": "old\n", "etc/lists/gone": "a:b\n" });

    const master = startNode({ root: masterRoot });
    const worker = startNode({ root: workerRoot });
    const wanted = await readTree(masterRoot, { modes: true });
    await waitUntil(async () => {
      expect(await readTree(workerRoot, { modes: true })).toEqual(wanted);
      return true;
    });

    expect(await worker.stop()).toEqual({ status: 0, signal: null });
    expect(await master.stop()).toEqual({ status: 0, signal: null });
  });

  test("a process that does not end by itself is killed, and told", async () => {
    const masterRoot = await root("master", "m1", await freePort());
    const master: MusterProcess = startNode({ root: masterRoot });
    await master.waitForLog("Starting master m1");
    master.signal("SIGSTOP");
    await expect(master.stop(100)).rejects.toThrow(/did not end within 100 ms of SIGTERM/);
    expect(master.end).toEqual({ status: null, signal: "SIGKILL" });
  });

  test("a log line that never comes fails with what was printed", async () => {
    const masterRoot = await root("master", "m1", await freePort());
    const master = startNode({ root: masterRoot });
    await master.waitForLog((line) => line.level === "info");
    await master.kill();
    await expect(master.waitForLog("no such line")).rejects.toThrow(
      /the process ended \(SIGKILL\)[^]*Starting master m1/,
    );
  });

  test("a command's status and output are told", async () => {
    const { status, output } = await runCommand(["--version"]);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
  });
});
