import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TraceLine } from "../../node/TransitionTrace.js";
import { LineTail } from "./LineTail.js";
import { masterFiles, workerAgents, workerFiles, type SampleFiles } from "./sampleFiles.js";

export interface DemoNodeOptions {
  readonly name: string;
  readonly type: "master" | "worker";
  /** Folder of the whole demo; the node's root is a folder in it. */
  readonly folder: string;
  readonly port: number;
  readonly key: string;
  /** Where the node's HTTP API listens, with the inspector. */
  readonly httpPort: number;
  /** The `muster` program: `dist/src/cli/main.js`. */
  readonly program: string;
}

/** Seconds; short, so that a person sees something happen. */
const INTERVALS = {
  worker: { sync_integrity: 1, sync_agent_info: 2, keep_alive: 2, connection_retry: 1 },
  master: { recalculate_integrity: 0.5, check_worker_lastkeepalive: 5 },
};

/** Milliseconds between two looks at a node that is starting. */
const SERVE_LOOK_INTERVAL = 20;

/** One node of the demo: a folder of real files and a real process. */
export class DemoNode {
  readonly name: string;
  readonly type: "master" | "worker";
  readonly root: string;
  readonly #options: DemoNodeOptions;
  readonly #trace: LineTail;
  readonly #log: LineTail;
  #process: ChildProcess | undefined;
  #exit: Promise<number> | undefined;
  /** Machine (and peer) → state, as the node's trace last told. */
  readonly states = new Map<string, string>();

  constructor(options: DemoNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.type = options.type;
    this.root = join(options.folder, options.name);
    this.#trace = new LineTail(this.#traceFile);
    this.#log = new LineTail(join(this.root, "logs/cluster.log"));
  }

  /** Where a browser on this machine sees the node. */
  get inspector(): string {
    return `http://127.0.0.1:${String(this.#options.httpPort)}/inspector/`;
  }

  get #traceFile(): string {
    return join(this.root, "logs/trace.jsonl");
  }

  /** Writes the node's configuration and its sample files. */
  async make(): Promise<void> {
    const { name, type, port, key } = this.#options;
    await rm(this.root, { recursive: true, force: true });
    await this.#write(new Map([["etc/ossec.conf", ossecConf({ name, type, port, key })]]), 0o640);
    await this.#write(new Map([["etc/cluster.json", `${JSON.stringify({ intervals: INTERVALS }, null, 2)}\n`]]));
    await this.#write(new Map([["etc/muster.yaml", "http:\n  inspector: open\n"]]));
    await this.#write(type === "master" ? masterFiles() : workerFiles(name));
    await mkdir(join(this.root, "logs"), { recursive: true });
    if (type === "worker") {
      await this.#write(new Map([["agents.json", workerAgents(name)]]));
      const status = await this.#run(["agents", "--root", this.root, "import", join(this.root, "agents.json")]);
      if (status !== 0) throw new Error(`the agents of ${name} could not be imported (status ${String(status)})`);
    }
  }

  start(): void {
    const { program, httpPort } = this.#options;
    const args = [program, "run", "--root", this.root, "--http", `127.0.0.1:${String(httpPort)}`, "--trace", this.#traceFile, "--set", "log.format=json"];
    // In a group of its own: Ctrl-C in a terminal reaches the demo alone, which then stops its nodes in good order.
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    child.stderr.on("data", (text: Buffer) => process.stderr.write(text));
    this.#process = child;
    this.#exit = new Promise((resolve) => {
      child.once("exit", (code) => {
        resolve(code ?? 1);
      });
    });
  }

  /** Resolves with the exit status once the process has ended. */
  get exit(): Promise<number> {
    return this.#exit ?? Promise.resolve(0);
  }

  /** Resolves once the node's root machine is running; gives up when the process ends or `stop` is aborted. */
  async serves(stop: AbortSignal): Promise<void> {
    let ended = false;
    void this.exit.then(() => (ended = true));
    while (!ended && !stop.aborted && this.states.get(this.type) !== "running") {
      await this.readTrace();
      await new Promise((resolve) => setTimeout(resolve, SERVE_LOOK_INTERVAL));
    }
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  async stop(): Promise<number> {
    this.#process?.kill("SIGTERM");
    const status = await this.exit;
    await this.#trace.close();
    await this.#log.close();
    return status;
  }

  /** Reads what is new in the trace; returns the changes of state. */
  async readTrace(): Promise<readonly TraceLine[]> {
    const lines = (await this.#trace.read()).map((line) => JSON.parse(line) as Partial<TraceLine>).filter((line): line is TraceLine => line.machine !== undefined);
    for (const { machine, peer, state } of lines) this.states.set(peer === undefined ? machine : `${machine} ${peer}`, state);
    return lines;
  }

  /** Reads what is new in the log: messages of the integrity synchronisation and of trouble. */
  async readLog(): Promise<readonly LogEntry[]> {
    return (await this.#log.read()).map((line) => JSON.parse(line) as LogEntry);
  }

  async #write(files: SampleFiles, mode = 0o660): Promise<void> {
    for (const [path, text] of files) {
      await mkdir(dirname(join(this.root, path)), { recursive: true });
      await writeFile(join(this.root, path), text, { mode });
    }
  }

  async #run(args: readonly string[]): Promise<number> {
    const child = spawn(process.execPath, [this.#options.program, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => {
        resolve(code ?? 1);
      });
    });
  }
}

/** A line of a node's log, as far as the demo reads it. */
export interface LogEntry {
  readonly level: string;
  readonly time: string;
  readonly node: string;
  readonly tag?: string;
  readonly subtag?: string;
  readonly process?: string;
  readonly message: string;
}

function ossecConf({ name, type, port, key }: { name: string; type: string; port: number; key: string }): string {
  return `<ossec_config>
  <cluster>
    <name>demo</name>
    <node_name>${name}</node_name>
    <node_type>${type}</node_type>
    <key>${key}</key>
    <port>${String(port)}</port>
    <bind_addr>127.0.0.1</bind_addr>
    <nodes>
      <node>127.0.0.1</node>
    </nodes>
    <hidden>no</hidden>
    <disabled>no</disabled>
  </cluster>
</ossec_config>
`;
}
