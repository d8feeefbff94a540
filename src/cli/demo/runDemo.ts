import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { defaultClusterItems } from "../../config/defaultClusterItems.js";
import type { CommandEnvironment } from "../CommandEnvironment.js";
import { CommandFailure } from "../CommandFailure.js";
import { DemoNode, type LogEntry } from "./DemoNode.js";
import { DemoScreen } from "./DemoScreen.js";
import { changeAt } from "./sampleFiles.js";
import { differingPaths, treeDigest } from "./treeDigest.js";

export interface DemoOptions {
  /** End once all trees are equal. */
  readonly once: boolean;
  /** Where the nodes' folders are made; removed first. */
  readonly folder: string;
  readonly program: string;
}

/** Milliseconds between two looks at the nodes. */
const LOOK_INTERVAL = 150;
/** Milliseconds between two changes of the master's files. */
const CHANGE_INTERVAL = 6_000;
/** Milliseconds after which `--once` gives up. */
const ONCE_DEADLINE = 60_000;

/** Runs a master and two workers as processes of their own, and shows what they do. */
export async function runDemo(options: DemoOptions, command: CommandEnvironment): Promise<void> {
  // A terminal that is closed ends the demo as Ctrl-C does: no node outlives it.
  const hangup = new AbortController();
  command.onSignal("SIGHUP", () => hangup.abort(new Error("SIGHUP received")));
  const environment = { ...command, stop: AbortSignal.any([command.stop, hangup.signal]) };
  const screen = new DemoScreen(environment.stdout);
  const port = await freePort();
  const key = randomBytes(16).toString("hex");
  const { folder, program } = options;
  const nodes: DemoNode[] = [];
  for (const name of ["master", "worker1", "worker2"]) {
    const type = name === "master" ? "master" : "worker";
    nodes.push(new DemoNode({ name, type, folder, port, key, program, httpPort: await freePort() }));
  }
  const killAll = (): void => {
    for (const node of nodes) node.kill();
  };
  environment.stopNow.addEventListener("abort", killAll, { once: true });
  screen.tell(`Making the folders of three nodes in ${options.folder}`);
  for (const node of nodes) await node.make();
  const began = performance.now();
  const synchronised: string[] = [];
  try {
    for (const node of nodes) {
      node.start();
      if (node.type === "master") await node.serves(environment.stop);
    }
    screen.tell(`Started master (port ${String(port)}), worker1 and worker2 as processes of their own`);
    screen.tell(`Watch them in a browser: ${nodes.map(({ name, inspector }) => `${name} ${inspector}`).join("  ")}`);
    await watch({ nodes, screen, options, environment, began, synchronised });
  } finally {
    const statuses = await Promise.all(nodes.map((node) => node.stop()));
    const failed = nodes.filter((_, at) => statuses[at] !== 0);
    if (failed.length > 0) environment.stderr.write(`muster: ${failed.map(({ name }) => name).join(", ")} did not stop cleanly\n`);
  }
  // A terminal's picture keeps only the last lines; elsewhere all of them stand above already.
  if (options.once && environment.stdout.isTTY === true) for (const line of synchronised) environment.stdout.write(`${line}\n`);
}

interface Watch {
  readonly nodes: readonly DemoNode[];
  readonly screen: DemoScreen;
  readonly options: DemoOptions;
  readonly environment: CommandEnvironment;
  readonly began: number;
  readonly synchronised: string[];
}

async function watch({ nodes, screen, options, environment, began, synchronised }: Watch): Promise<void> {
  const items = defaultClusterItems();
  let changes = 0;
  let lastChange = performance.now();
  let equalBefore = false;
  let ended: string | undefined;
  for (const node of nodes) void node.exit.then((status) => (ended ??= `${node.name} ended with status ${String(status)}`));
  while (!environment.stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
    if (ended !== undefined && !environment.stop.aborted) throw new CommandFailure(`${ended}; its log is in its folder under ${options.folder}`);
    for (const node of nodes) {
      await node.readTrace();
      for (const entry of await node.readLog()) tellEntry(entry, screen, synchronised);
    }
    const [master, ...workers] = await Promise.all(nodes.map((node) => treeDigest(node.root, items)));
    const differing = workers.map((tree) => differingPaths(master ?? new Map(), tree).length);
    const equal = differing.every((count) => count === 0);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const status = equal
      ? `All three trees are equal: ${String(master?.size ?? 0)} files.`
      : `Out of step: ${differing.map((count, at) => `worker${String(at + 1)} ${String(count)} files`).join(", ")}.`;
    if (equal && !equalBefore && !options.once) screen.tell(`${seconds}s  ${status}`);
    equalBefore = equal;
    screen.draw(nodes, status);
    if (options.once && equal) {
      const summary = `All three trees are equal after ${seconds} s: ${String(master?.size ?? 0)} files in each.`;
      synchronised.push(summary);
      screen.tell(summary);
      return;
    }
    if (options.once && performance.now() - began > ONCE_DEADLINE) {
      throw new CommandFailure(`the trees are not equal after ${String(ONCE_DEADLINE / 1000)} s: ${status}`);
    }
    if (!options.once && equal && performance.now() - lastChange > CHANGE_INTERVAL) {
      lastChange = performance.now();
      await change(nodes[0]?.root ?? "", changes++, screen);
    }
  }
}

async function change(root: string, step: number, screen: DemoScreen): Promise<void> {
  const { words, path, text } = changeAt(step);
  screen.tell(`On the master ${words}: ${path}`);
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  if (text === null) await rm(target, { force: true });
  else await writeFile(target, text, { mode: 0o660 });
}

/** Shows the log lines that tell of a synchronisation, or of trouble. */
function tellEntry({ level, node, tag, subtag, message }: LogEntry, screen: DemoScreen, synchronised: string[]): void {
  const isTrouble = level === "error" || level === "warning";
  const isSync = /^(Files to |New worker|Successfully connected|Sent \d+ extra|Updated extra)/.test(message) || (subtag === "Agent-info sync" && message.startsWith("Finished"));
  if (!isTrouble && !isSync) return;
  const line = `${node.padEnd(8)} ${tag === undefined ? "" : `[${tag}] `}${subtag === undefined ? "" : `[${subtag}] `}${message}`;
  if (isSync) synchronised.push(line);
  screen.tell(line);
}

/** A TCP port that nobody listens on. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}
