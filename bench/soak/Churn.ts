import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchNode } from "../support/BenchNode.js";

const FOLDERS = ["etc/rules", "etc/lists/some", "etc/decoders", "etc/shared/default", "etc/shared/office"];
/** So many files at most: the tree changes for ever and does not grow. */
const NAMES = 200;
const AGENTS = 300;
const LARGEST = 128 * 1024;
/** Milliseconds between two changes. */
const GAP = 200;
/** Of so many changes one is of an agent's group on a worker, one of the list of agents, one of what agents report to a worker. */
const GROUPS_EVERY = 5;
const KEYS_EVERY = 50;
const REPORTS_EVERY = 75;
const REPORTS = 20;
const PROGRAM = join(import.meta.dirname, "../../src/cli/main.js");
const KEY = "0123456789abcdef".repeat(4);

/** Changes files on the master, agents and their groups, for as long as it runs. */
export class Churn {
  readonly #master: BenchNode;
  readonly #workers: readonly BenchNode[];
  #changes = 0;
  #runs = true;
  #loop: Promise<void> | undefined;

  constructor(master: BenchNode, workers: readonly BenchNode[]) {
    this.#master = master;
    this.#workers = workers;
  }

  get changes(): number {
    return this.#changes;
  }

  /** All agents, and a file under every name. */
  async fill(): Promise<void> {
    await this.#writeKeys(AGENTS);
    for (const folder of FOLDERS) for (let at = 0; at < NAMES / FOLDERS.length; at += 1) await this.#write(join(this.#master.root, folder, `file-${String(at)}`));
  }

  start(): void {
    this.#loop = this.#change();
    // Told by stop.
    this.#loop.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#runs = false;
    await this.#loop;
  }

  async #change(): Promise<void> {
    while (this.#runs) {
      this.#changes += 1;
      if (this.#changes % REPORTS_EVERY === 0) await this.#report();
      else if (this.#changes % KEYS_EVERY === 0) await this.#writeKeys(AGENTS - below(20));
      else if (this.#changes % GROUPS_EVERY === 0) await this.#changeGroup();
      else await this.#changeFile();
      await sleep(GAP);
    }
  }

  async #changeFile(): Promise<void> {
    const path = join(this.#master.root, FOLDERS[below(FOLDERS.length)] ?? "", `file-${String(below(NAMES / FOLDERS.length))}`);
    if (below(4) === 0) await rm(path, { force: true });
    else await this.#write(path);
  }

  /** An agent's group file comes into being on the worker that it reports to. */
  async #changeGroup(): Promise<void> {
    const worker = this.#workers[below(this.#workers.length)];
    if (worker === undefined) return;
    const path = join(worker.root, "queue/agent-groups", idOf(below(AGENTS)));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `default,office-${String(this.#changes)}`, { mode: 0o660 });
  }

  /** Agents report another version of themselves to their worker, which tells the master. */
  async #report(): Promise<void> {
    const worker = this.#workers[below(this.#workers.length)];
    if (worker === undefined) return;
    const version = `v${String(this.#changes)}`;
    const agents = Array.from({ length: REPORTS }, () => idOf(below(AGENTS))).map((id) => ({ id, name: `agent-${id}`, version, node_name: worker.name }));
    const file = join(worker.root, "agents.json");
    await writeFile(file, JSON.stringify([...new Map(agents.map((agent) => [agent.id, agent])).values()]));
    const [status] = (await once(spawn(process.execPath, [PROGRAM, "agents", "--root", worker.root, "import", file], { stdio: "ignore" }), "close")) as [number];
    if (status !== 0) throw new Error(`agents could not be imported on ${worker.name}: status ${String(status)}`);
  }

  async #write(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o770 });
    await writeFile(path, randomBytes(1 + below(LARGEST)), { mode: 0o660 });
  }

  async #writeKeys(count: number): Promise<void> {
    const lines = Array.from({ length: count }, (_, at) => `${idOf(at)} agent-${idOf(at)} any ${KEY}\n`);
    await writeFile(join(this.#master.root, "etc/client.keys"), lines.join(""), { mode: 0o640 });
  }
}

function idOf(at: number): string {
  return String(at + 1).padStart(3, "0");
}

function below(bound: number): number {
  return Math.floor(Math.random() * bound);
}
