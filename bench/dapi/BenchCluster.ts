import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localSocketPath } from "../../src/node/local/localSocketPath.js";
import type { Client } from "./measureLoad.js";

const PROGRAM = join(import.meta.dirname, "../../src/cli/main.js");
const ECHO = join(import.meta.dirname, "echoServer.js");
const NODES = [
  ["m", "master"],
  ["w1", "worker"],
  ["w2", "worker"],
] as const;
/** Milliseconds in which a node must serve, or the workers be in step; and in which a node must have stopped. */
const START_DEADLINE = 40_000;
const STOP_DEADLINE = 10_000;

/** A master and two workers as processes, and an echo beside them. */
export class BenchCluster {
  readonly roots: readonly string[];
  readonly echoPath: string;
  readonly httpPort: number;
  readonly #folder: string;
  readonly #profiles: string | undefined;
  readonly #nodes: ChildProcess[] = [];
  readonly #echo: ChildProcess;

  private constructor(folder: string, roots: readonly string[], httpPort: number, profiles: string | undefined) {
    this.#folder = folder;
    this.roots = roots;
    this.httpPort = httpPort;
    this.#profiles = profiles;
    this.echoPath = join(folder, "echo.sock");
    this.#echo = fork(ECHO, [this.echoPath], { stdio: "ignore" });
  }

  /** @param profiles the folder for the nodes' CPU profiles; undefined: none are made */
  static async start(profiles: string | undefined): Promise<BenchCluster> {
    const folder = await mkdtemp(join(tmpdir(), "muster-bench-"));
    const [port, httpPort] = await freePorts();
    const roots = await Promise.all(NODES.map(([name, type]) => makeRoot(folder, name, type, port)));
    const cluster = new BenchCluster(folder, roots, httpPort, profiles);
    try {
      const [master = "", ...workers] = roots;
      // The master first: a worker that finds none tries again much later.
      await cluster.#startNode(master, `127.0.0.1:${String(httpPort)}`);
      await Promise.all(workers.map((root) => cluster.#startNode(root, "off")));
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  get processIds(): readonly number[] {
    return this.#nodes.map(({ pid }) => pid ?? 0);
  }

  get echoProcessIds(): readonly number[] {
    return [this.#echo.pid ?? 0];
  }

  /** Waits until the master's rules are on every worker, and a client gets its answer. */
  async untilReady(open: () => Promise<Client>): Promise<void> {
    await within("the workers got no rules of the master", async () => {
      await Promise.all(this.roots.map((root) => access(join(root, "etc/rules/local_rules.xml"))));
      const client = await open();
      await client.ask().finally(() => {
        client.close();
      });
    });
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#nodes, this.#echo].map(stop));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startNode(root: string, http: string): Promise<void> {
    const name = `node${String(this.#nodes.length)}.cpuprofile`;
    const profiling = this.#profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${this.#profiles}`, `--cpu-prof-name=${name}`];
    const child = spawn(process.execPath, [...profiling, PROGRAM, "run", "--root", root, "--http", http], { stdio: ["ignore", "ignore", "inherit"] });
    this.#nodes.push(child);
    await within(`the node in ${root} did not start`, async () => {
      if (child.exitCode !== null) throw new Error("it has ended");
      await access(localSocketPath(root));
      if (http !== "off") await access(join(root, "etc/http-admin-password"));
    });
  }
}

/** Tries until it succeeds. */
async function within(failure: string, attempt: () => Promise<void>): Promise<void> {
  const end = performance.now() + START_DEADLINE;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (cause) {
      if (performance.now() > end) throw new Error(failure, { cause });
    }
    await sleep(100);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE);
  await ended;
  clearTimeout(late);
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  const [one = 0, other = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return [one, other];
}

/** Only the master has rules: a worker that has them, too, is in step. */
async function makeRoot(folder: string, name: string, type: string, port: number): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, "etc/rules"), { recursive: true });
  if (type === "master") await writeFile(join(root, "etc/rules/local_rules.xml"), '<group name="local,"/>\n');
  const cluster = `<name>bench</name><node_name>${name}</node_name><node_type>${type}</node_type><key>0123456789abcdefghijklmnopqrstuv</key>`;
  const address = `<port>${String(port)}</port><bind_addr>127.0.0.1</bind_addr><nodes><node>127.0.0.1</node></nodes><disabled>no</disabled>`;
  await writeFile(join(root, "etc/ossec.conf"), `<ossec_config><cluster>${cluster}${address}</cluster></ossec_config>\n`, { mode: 0o600 });
  return root;
}
