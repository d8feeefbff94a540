import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryOf, processorSecondsOf } from "./processFigures.js";

export const BENCH_KEY = "0123456789abcdefghijklmnopqrstuv";
export const BENCH_CLUSTER = "bench";
const PROGRAM = join(import.meta.dirname, "../../src/cli/main.js");
/** For profiles: `MUSTER_BENCH_NODE="--cpu-prof --cpu-prof-dir=/tmp/profiles"`. */
const NODE_ARGUMENTS = (process.env["MUSTER_BENCH_NODE"] ?? "").split(" ").filter((argument) => argument !== "");
const LOG_TIMEOUT = 120_000;
const HTTP_TRIES = 200;
const HTTP_WAIT = 50;
const STOP_TIMEOUT = 20_000;
const LINES_KEPT = 2_000;

export interface BenchNodeOptions {
  readonly folder: string;
  readonly name: string;
  readonly type: "master" | "worker";
  /** The master's. */
  readonly port: number;
  /** Written to etc/cluster.json; nothing: the default intervals. */
  readonly intervals?: object;
  /** Written to etc/muster.yaml. */
  readonly settings?: string;
}

/** A line that a node has printed. */
export interface PrintedLine {
  readonly message: string;
  readonly subtag?: string;
  /** By this process's `performance.now()`. */
  readonly at: number;
}

/** Milliseconds that a node's main thread kept others waiting. */
export interface Pauses {
  readonly p99: number;
  readonly longest: number;
}

/** A real process of `muster run` in a root of its own. */
export class BenchNode {
  readonly name: string;
  readonly root: string;
  readonly #http: number;
  readonly #lines: PrintedLine[] = [];
  readonly #listeners = new Set<(line: PrintedLine) => void>();
  #process: ChildProcess | undefined;

  private constructor(name: string, root: string, http: number) {
    this.name = name;
    this.root = root;
    this.#http = http;
  }

  /** Makes the root; starts nothing. */
  static async make(options: BenchNodeOptions): Promise<BenchNode> {
    const { folder, name, type, port, intervals, settings } = options;
    const root = join(folder, name);
    await mkdir(join(root, "etc"), { recursive: true });
    const cluster = `<name>${BENCH_CLUSTER}</name><node_name>${name}</node_name><node_type>${type}</node_type><key>${BENCH_KEY}</key>`;
    const address = `<port>${String(port)}</port><bind_addr>127.0.0.1</bind_addr><nodes><node>127.0.0.1</node></nodes><disabled>no</disabled>`;
    await writeFile(join(root, "etc/ossec.conf"), `<ossec_config><cluster>${cluster}${address}</cluster></ossec_config>\n`, { mode: 0o640 });
    if (intervals !== undefined) await writeFile(join(root, "etc/cluster.json"), JSON.stringify({ intervals }));
    if (settings !== undefined) await writeFile(join(root, "etc/muster.yaml"), settings);
    return new BenchNode(name, root, await freePort());
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** Where its HTTP interface listens. */
  get http(): string {
    return `127.0.0.1:${String(this.#http)}`;
  }

  start(): void {
    const child = spawn(process.execPath, [...NODE_ARGUMENTS, PROGRAM, "run", "--root", this.root, "--http", this.http], { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    createInterface({ input: child.stdout }).on("line", (text) => {
      if (!text.startsWith("{")) return;
      const line: PrintedLine = { ...(JSON.parse(text) as { message: string }), at: performance.now() };
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      for (const listener of [...this.#listeners]) listener(line);
    });
  }

  /** The first line that is wanted, printed from the call on. @throws Error when none comes in time, or the node ends */
  async next(wanted: (line: PrintedLine) => boolean, timeout = LOG_TIMEOUT): Promise<PrintedLine> {
    return await new Promise<PrintedLine>((resolve, reject) => {
      const fail = (why: string) => (): void => {
        settle();
        reject(new Error(`${this.name} ${why}. Its last lines:\n${this.#lines.slice(-10).map(({ message }) => message).join("\n")}`));
      };
      const late = setTimeout(fail(`printed no such line within ${String(timeout)} ms`), timeout);
      const gone = fail("ended");
      const settle = (): void => {
        clearTimeout(late);
        this.#listeners.delete(look);
        this.#process?.off("close", gone);
      };
      const look = (candidate: PrintedLine): void => {
        if (!wanted(candidate)) return;
        settle();
        resolve(candidate);
      };
      this.#listeners.add(look);
      this.#process?.once("close", gone);
    });
  }

  /** Every line from now on. Returns the way to hear no more. */
  onLine(listener: (line: PrintedLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The main thread's pauses since the last call; the first call begins the count. */
  async pauses(): Promise<Pauses> {
    const text = await this.#metrics();
    const of = (what: string): number => Number(new RegExp(`muster_main_thread_pause_seconds\\{of="${what}"\\} (\\S+)`).exec(text)?.[1] ?? NaN) * 1000;
    return { p99: of("p99"), longest: of("longest") };
  }

  /** A node connects before its HTTP interface listens. */
  async #metrics(): Promise<string> {
    for (let left = HTTP_TRIES; ; left -= 1) {
      try {
        return await (await fetch(`http://${this.http}/metrics`)).text();
      } catch (error) {
        if (left === 0) throw error;
        await sleep(HTTP_WAIT);
      }
    }
  }

  async memory(): ReturnType<typeof memoryOf> {
    return await memoryOf(this.pid);
  }

  async processorSeconds(): Promise<number> {
    return await processorSecondsOf(this.pid);
  }

  /** Ends the process; kills it when it does not. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT);
    await closed;
    clearTimeout(kill);
  }
}

/** Runs work with nodes, which end with it. */
export async function withNodes<Result>(nodes: readonly BenchNode[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a master and waits until it has indexed so many files. */
export async function startMaster(master: BenchNode, files: number): Promise<void> {
  master.start();
  await master.next(({ message }) => message.includes(`Calculated metadata of ${String(files)} files`));
}
