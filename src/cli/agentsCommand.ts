import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import { agentItem, type AgentItem } from "../agents/agentItem.js";
import type { AgentStore } from "../agents/AgentStore.js";
import { readAgents } from "../agents/import/readAgents.js";
import { printable } from "../config/printable.js";
import { createEmbeddedAgentStore, GLOBAL_DB } from "../node/ports/agentStore.js";
import { systemClock } from "../node/ports/systemClock.js";
import { systemRandom } from "../node/ports/systemRandom.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { rootOption } from "./rootOption.js";

/** Largest file to import, in bytes. */
const FILE_BYTES = 256 * 1024 * 1024;
/** Mistakes that are printed one by one. */
const PRINTED_PROBLEMS = 100;
/** Milliseconds for the whole work; a million agents take about a minute. */
const TIMEOUT = 600_000;

interface AgentsOptions {
  readonly root: string;
  readonly json?: boolean;
}

/** `muster agents --root DIR import FILE|list [--json]` (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  const agents = program
    .command("agents")
    .description("the agents in the node's embedded store; works beside a running node, too")
    .addOption(rootOption(environment));
  agents
    .command("import")
    .description("create or update agents from a JSON list or a client.keys")
    .argument("<file>", "a list of agents with the API's fields or the table's columns, or a client.keys")
    .action((file: string, _options: unknown, command: Command) =>
      importFile(file, command.optsWithGlobals(), environment),
    );
  agents
    .command("list")
    .description("print all agents")
    .option("--json", "as a JSON list that import reads")
    .action((_options: unknown, command: Command) => list(command.optsWithGlobals(), environment));
}

async function importFile(file: string, { root }: AgentsOptions, environment: CommandEnvironment): Promise<void> {
  const { agents, problems } = readAgents(await fileText(file));
  if (problems.length > 0) {
    const count = problems.length === 1 ? "one mistake" : `${problems.length} mistakes`;
    const more = problems.length > PRINTED_PROBLEMS ? [`and ${problems.length - PRINTED_PROBLEMS} more`] : [];
    throw new CommandFailure(`nothing was imported: ${count} in ${file}`, {
      lines: [...problems.slice(0, PRINTED_PROBLEMS), ...more],
    });
  }
  await requireFolder(root);
  await withStore(root, environment, async (store) => {
    const { created, updated } = await store.importAgents(agents, { timeout: TIMEOUT, signal: environment.stop });
    const count = agents.length === 1 ? "1 agent" : `${agents.length} agents`;
    environment.stdout.write(`${count} imported into ${join(root, GLOBAL_DB)}: ${created} new, ${updated} updated.\n`);
  });
}

async function list({ root, json }: AgentsOptions, environment: CommandEnvironment): Promise<void> {
  await requireFolder(root);
  const items = (await exists(join(root, GLOBAL_DB))) ? await readItems(root, environment) : [];
  if (json === true) environment.stdout.write(`${JSON.stringify(items, null, 2)}\n`);
  else if (items.length === 0) environment.stdout.write(`There are no agents in ${join(root, GLOBAL_DB)}.\n`);
  else environment.stdout.write(`${table(items)}\n`);
}

async function readItems(root: string, environment: CommandEnvironment): Promise<readonly AgentItem[]> {
  return await withStore(root, environment, async (store) => {
    const { agents } = await store.listAgents({}, { timeout: TIMEOUT, signal: environment.stop });
    return agents.map(agentItem);
  });
}

function table(items: readonly AgentItem[]): string {
  const columns = ["id", "name", "ip", "status", "version", "node_name", "group"] as const;
  const rows = new Table({
    head: ["ID", "NAME", "IP", "STATUS", "VERSION", "NODE NAME", "GROUPS"],
    style: { head: [], border: [] },
  });
  rows.push(...items.map((item) => columns.map((column) => cell(item[column]))));
  return rows.toString();
}

function cell(value: AgentItem[string] | undefined): string {
  if (value === undefined) return "unknown";
  return printable(typeof value === "string" ? value : Object.values(value).join(", "));
}

async function withStore<T>(
  root: string,
  environment: CommandEnvironment,
  work: (store: AgentStore) => Promise<T>,
): Promise<T> {
  const notice = (text: string): unknown => environment.stderr.write(`${text}\n`);
  // Importing much takes one long request to the store's thread.
  const settings = { requestTimeout: TIMEOUT };
  const store = createEmbeddedAgentStore({
    root: resolve(root),
    clock: systemClock,
    random: systemRandom,
    settings,
    notice,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function fileText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES)
      throw new CommandFailure(`${file} has ${size} bytes; at most ${FILE_BYTES} are read. Cut it into several files.`);
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof CommandFailure) throw cause;
    throw new CommandFailure(`${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}

async function requireFolder(root: string): Promise<void> {
  if (!(await exists(root)))
    throw new CommandFailure(`There is no folder ${root}; name the node's data directory with --root.`);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
