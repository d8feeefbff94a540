import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { dialectById } from "../../src/protocol/dialects/index.js";
import { makeRoot, readTree, writeTree, type RootOptions } from "./nodeRoot.js";
import { startNode, type MusterProcess, type ProcessEnd } from "./processes.js";
import { TraceTail } from "./TraceTail.js";
import { waitUntil } from "./waitUntil.js";

/** What a worker says at the end of a round that found nothing to do. */
const IN_STEP = "Sync not required";

const TIMEOUT = 150_000;

/** One node of a test: its root, and the process that runs on it, if any. */
export class TestNode {
  readonly name: string;
  readonly root: string;
  readonly #dialect: string;
  #process: MusterProcess | undefined;
  #trace = new TraceTail("");
  #starts = 0;

  private constructor(name: string, root: string, dialect: string) {
    this.#dialect = dialect;
    this.name = name;
    this.root = root;
  }

  /** Makes the root; starts nothing. */
  static async create({ dialect = "4.3-zip", ...options }: RootOptions & { readonly dialect?: string }): Promise<TestNode> {
    return new TestNode(options.name, await makeRoot(options), dialect);
  }

  /** The process that runs, or ran last. @throws Error before the first start */
  get process(): MusterProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process;
  }

  /** Starts the node, with a trace of its states. */
  start(...args: readonly string[]): MusterProcess {
    this.#starts += 1;
    const file = join(this.root, `trace-${this.#starts}.jsonl`);
    this.#trace = new TraceTail(file);
    this.#process = startNode({ root: this.root, args: ["--trace", file, "--dialect", this.#dialect, ...args] });
    return this.#process;
  }

  async stop(): Promise<ProcessEnd> {
    return await this.process.stop();
  }

  async kill(): Promise<ProcessEnd> {
    return await this.process.kill();
  }

  async write(files: Parameters<typeof writeTree>[1]): Promise<void> {
    await writeTree(this.root, files);
  }

  /** Removes files or folders; names are relative to the root. */
  async remove(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(join(this.root, path), { recursive: true });
  }

  /** What travels: path → mode and hash. */
  async tree(): Promise<Record<string, string>> {
    const parts = dialectById(this.#dialect).clusterJson.items.map((key) => (key === "etc/" ? "etc/client.keys" : key.slice(0, -1)));
    return await readTree(this.root, { modes: true, parts });
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.root, path), "utf8");
  }

  /** Waits until the node tells of a round that found nothing to do, and that ended after this call. */
  async inStep(timeout?: number): Promise<void> {
    const from = this.process.logs.length;
    await this.process.waitForLog(IN_STEP, timeout === undefined ? { from } : { from, timeout });
  }

  /** What transfers have left: names below queue/cluster/<node>/ of this root, for every node. */
  async leftovers(): Promise<string[]> {
    const cluster = join(this.root, "queue/cluster");
    const folders = (await readdir(cluster, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const names = await Promise.all(
      folders.map(async ({ name }) => (await readdir(join(cluster, name))).map((file) => `${name}/${file}`)),
    );
    return names.flat();
  }

  /** Waits until nothing of a transfer is left; a round that runs may leave something for a moment. */
  async cleared(): Promise<void> {
    await waitUntil(
      async () => {
        expect(await this.leftovers()).toEqual([]);
        return true;
      },
      TIMEOUT,
      `an empty queue/cluster on ${this.name}`,
    );
  }

  /** The present state of each machine, by its name; of several actors of one machine the youngest one's. */
  async states(): Promise<Readonly<Record<string, string>>> {
    return await this.#trace.states();
  }

  /** Waits until one of the node's machines comes into a state after this call. */
  async reaches(machine: string, state: string): Promise<void> {
    await this.#trace.next(machine, state, TIMEOUT);
  }

  async dispose(): Promise<void> {
    await this.#process?.kill();
    await rm(this.root, { recursive: true, force: true });
  }
}
