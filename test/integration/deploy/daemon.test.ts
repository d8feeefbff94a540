import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DatagramReceiver } from "../../support/DatagramReceiver.js";
import { runCommand, startNode } from "../../support/processes.js";
import type { MusterProcess } from "../../support/processes.js";
import { TestCluster } from "../../support/TestCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

const TIMEOUT = 30_000;
const PROGRAM = fileURLToPath(new URL("../../../dist/src/cli/main.js", import.meta.url));
/** Microseconds between two signs of life at most; a busy machine may be late, for nobody here acts on it. */
const WATCHDOG = 1_500_000;

let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-manager-"));
  cluster = await TestCluster.create();
});
afterAll(async () => {
  await cluster?.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe("a node under a service manager", () => {
  let manager: DatagramReceiver;
  let supervised: MusterProcess;
  const heard: string[] = [];

  /** Waits for a message that holds a text; the first `from` don't count. */
  async function hear(text: string, from = 0): Promise<void> {
    await waitUntil(
      () => {
        for (let next = manager.take(); next !== undefined; next = manager.take()) heard.push(next.toString("utf8"));
        return heard.slice(from).some((message) => message.includes(text));
      },
      TIMEOUT,
      `the message ${text}`,
    );
  }

  beforeAll(() => {
    manager = new DatagramReceiver(join(folder, "notify"));
    const env = { NOTIFY_SOCKET: join(folder, "notify"), WATCHDOG_USEC: String(WATCHDOG) };
    supervised = startNode({ root: cluster.master.root, env });
  });
  afterAll(() => manager?.close());

  test("tells when it serves, and shows signs of life", async () => {
    await hear("READY=1\nSTATUS=master: running");
    expect(await readFile(join(cluster.master.root, `var/run/wazuh-clusterd-${supervised.pid}.pid`), "utf8")).toBe(`${supervised.pid}\n`);
    await hear("WATCHDOG=1");
    await hear("WATCHDOG=1", heard.length);
  });

  test("shows no sign of life while its main thread hangs", async () => {
    supervised.signal("SIGSTOP");
    await waitUntil(() => manager.take() === undefined, TIMEOUT, "an empty queue");
    await new Promise((resolve) => setTimeout(resolve, WATCHDOG / 1000));
    expect(manager.take()).toBeUndefined();
    supervised.signal("SIGCONT");
    await hear("WATCHDOG=1", heard.length);
  });

  test("refuses a second node in its root, whatever a crash left there", async () => {
    const { status, output } = await runCommand(["run", "--root", cluster.master.root]);
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining(`process ${supervised.pid} holds`) });
  });

  test("reloads at SIGHUP what it can, and says what it can't", async () => {
    const from = heard.length;
    await cluster.master.write({ "etc/muster.yaml": "log: {level: debug}\nlimits: {openFiles: 5}\ndaemon: {drain: 5}\n" });
    supervised.signal("SIGHUP");
    await hear("RELOADING=1\nMONOTONIC_USEC=", from);
    await hear("READY=1\nSTATUS=reloaded", from);
    for (const text of ["log.level is debug now.", "limits.openFiles is 5 now, for new connections.", "daemon.drain is 5 now: this needs a restart."]) {
      await supervised.waitForLog(text);
    }
    await cluster.master.write({ "etc/muster.yaml": "log: {level: loud}\n" });
    supervised.signal("SIGHUP");
    await supervised.waitForLog("Nothing was reloaded");
  });

  test("opens its log anew at SIGUSR1", async () => {
    const log = join(cluster.master.root, "logs/cluster.log");
    await rename(log, `${log}.mine`);
    supervised.signal("SIGUSR1");
    await waitUntil(async () => (await readFile(log, "utf8").catch(() => "")).includes("anew"), TIMEOUT, "a line in the new file");
  });

  test("ends with status 0 in the middle of a synchronisation, and leaves nothing of it", async () => {
    const files = Array.from({ length: 1_500 }, (_, n) => [`etc/lists/${n}`, `list ${n}`] as const);
    await cluster.master.write(Object.fromEntries(files));
    const from = heard.length;
    cluster.worker.start();
    await hear("STATUS=master: running, 1 workers connected", from);
    await cluster.worker.process.waitForLog("Starting.", { timeout: TIMEOUT });
    supervised.signal("SIGTERM");
    await hear("STOPPING=1", from);
    expect(await supervised.ended).toEqual({ status: 0, signal: null });
    expect(await cluster.master.leftovers()).toEqual([]);
    expect((await readdir(join(cluster.master.root, "var/run"))).filter((name) => name !== "muster.lock")).toEqual([]);
    await cluster.worker.stop();
  }, 90_000);
});

describe("the reference's command line", () => {
  const clusterd = (...args: string[]) => runCommand(["clusterd", "--root", cluster.master.root, ...args]);

  beforeAll(async () => {
    await cluster.master.write({ "etc/muster.yaml": 'http: {listen: "off"}\n' });
  });

  test("-V prints the version, -t is silent about a right configuration and clear about a wrong one", async () => {
    expect(await clusterd("-V")).toMatchObject({ status: 0, output: expect.stringMatching(/^\nmuster \d/) });
    expect(await clusterd("-t")).toMatchObject({ status: 0, output: "" });
    await cluster.master.write({ "wrong.conf": "<ossec_config><cluster><key>x</key></cluster></ossec_config>" });
    expect(await clusterd("-t", "-c", join(cluster.master.root, "wrong.conf"))).toMatchObject({ status: 1, output: expect.stringContaining("Error 3004") });
  });

  test("starts in the background under the daemon's name, and returns once the node serves", async () => {
    const { root } = cluster.master;
    const bin = join(root, "bin");
    await mkdir(bin, { recursive: true });
    await symlink(PROGRAM, join(bin, "wazuh-clusterd"));
    const start = (...args: string[]) => promisify(execFile)(process.execPath, [join(bin, "wazuh-clusterd"), "-r", ...args], { timeout: 60_000 });
    const pids = async (): Promise<number[]> => (await readdir(join(root, "var/run"))).flatMap((name) => /^wazuh-clusterd-(\d+)\.pid$/.exec(name)?.[1] ?? []).map(Number);
    await start();
    const [pid = 0, ...others] = await pids();
    expect(others).toEqual([]);
    try {
      await expect(start()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${pid} holds`) });
    } finally {
      process.kill(pid, "SIGTERM");
    }
    await waitUntil(async () => (await pids()).length === 0, TIMEOUT, "the end of the node");
    await waitUntil(() => !existsSync(`/proc/${pid}`), TIMEOUT, "the end of its process");
  }, 150_000);

  test.skipIf(process.getuid?.() !== 0)("refuses to run as a user that the machine does not have", async () => {
    await cluster.master.write({ "etc/muster.yaml": "http: {listen: off}\ndaemon: {user: no-such-user-here}\n" });
    expect(await clusterd("-f")).toMatchObject({ status: 1, output: expect.stringContaining("no user no-such-user-here") });
  });

  test.skipIf(process.getuid?.() !== 0)("gives up root for the configured user", async () => {
    await cluster.master.write({ "etc/muster.yaml": { content: "daemon: {user: nobody}\n", mode: 0o644 }, "etc/ossec.conf": { content: await cluster.master.read("etc/ossec.conf"), mode: 0o644 } });
    await promisify(execFile)("chown", ["-R", "nobody", cluster.master.root]);
    const node = cluster.master.start();
    await node.waitForLog("Serving on");
    const status = await readFile(`/proc/${node.pid}/status`, "utf8");
    const expected = (await promisify(execFile)("id", ["-u", "nobody"])).stdout.trim();
    expect(/^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/)).toEqual([expected, expected, expected, expected]);
    expect(await node.stop()).toEqual({ status: 0, signal: null });
  }, 90_000);
});
