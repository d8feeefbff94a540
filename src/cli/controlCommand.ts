import type { Command } from "commander";
import { newRequest, formatRequest } from "../dapi/encoding/requestJson.js";
import { decodeResult } from "../dapi/encoding/resultJson.js";
import { TO_LOCAL_NODE } from "../protocol/commands.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { longHealth, shortHealth } from "./control/healthText.js";
import { plainTable } from "./control/plainTable.js";
import { stepText } from "./control/stepText.js";
import { LocalNode, timeoutOption } from "./LocalNode.js";
import { rootOption } from "./rootOption.js";

const AGENT_FIELDS = ["id", "name", "ip", "status", "version", "node_name"] as const;
const AGENT_HEADS = ["id", "name", "ip", "status", "version", "node name"];
const AGENT_STATUSES: readonly string[] = ["active", "disconnected", "never_connected", "pending"];
/** Agents that are asked for at a time, and nodes: the largest limit there is (dapi.md 3). */
const AGENTS_PER_PAGE = 100_000;
const MOST_NODES = 100_000;

type JsonObject = Readonly<Record<string, unknown>>;

interface ControlOptions {
  readonly root: string;
  readonly json?: boolean;
  readonly timeout: number;
  readonly filterNode?: readonly string[];
  readonly filterStatus?: readonly string[];
}

/** `muster control --root DIR [--json] nodes|agents|health [filters]` (interface.md; dapi.md 4.3). */
export function register(program: Command, environment: CommandEnvironment): void {
  const control = program
    .command("control")
    .description("the cluster's nodes, agents and health, asked of this node, master or worker")
    .addOption(rootOption(environment))
    .addOption(timeoutOption())
    .option("--json", "as JSON");
  control
    .command("nodes")
    .description("the connected nodes")
    .option("--filter-node <name...>", "these nodes only")
    .action((_options: unknown, command: Command) => nodes(command.optsWithGlobals(), environment));
  control
    .command("agents")
    .description("the agents, and the node that each reports to")
    .option("--filter-node <name...>", "agents of these nodes only")
    .option("--filter-status <status...>", `agents in one of these states only: ${AGENT_STATUSES.join(", ")}`)
    .action((_options: unknown, command: Command) => agents(command.optsWithGlobals(), environment));
  control
    .command("health")
    .description("when each worker was last in step")
    .argument("[more]", "`more`: all that the master knows of each node")
    .option("--filter-node <name...>", "these nodes only")
    .action((more: string | undefined, _options: unknown, command: Command) => {
      if (more !== undefined && more !== "more") {
        throw CommandFailure.wrongUsage(`muster control health takes the word 'more' or nothing, not '${more}'.`);
      }
      return health(command.optsWithGlobals(), more !== undefined, environment);
    });
}

async function nodes(options: ControlOptions, environment: CommandEnvironment): Promise<void> {
  const wanted = {
    filter_node: options.filterNode ?? null,
    offset: 0,
    limit: MOST_NODES,
    sort: null,
    search: null,
    select: null,
    filter_type: "all",
  };
  const answer = await new LocalNode(options.root, options.timeout).askJson(TO_LOCAL_NODE.getNodes, JSON.stringify(wanted));
  const items = listOf(answer.items);
  if (options.json === true) return printJson(answer, environment);
  const rows = items.map((node) => [node.name, node.type, node.version, node.ip].map(cell));
  environment.stdout.write(plainTable(["name", "type", "version", "address"], rows));
}

async function agents(options: ControlOptions, environment: CommandEnvironment): Promise<void> {
  const node = new LocalNode(options.root, options.timeout);
  const statuses = options.filterStatus?.flatMap((status) => status.split(","));
  const unknown = statuses?.find((status) => !AGENT_STATUSES.includes(status));
  if (unknown !== undefined) {
    throw CommandFailure.wrongUsage(`'${unknown}' is no state of an agent. Choose from: ${AGENT_STATUSES.join(", ")}.`);
  }
  const filters = { status: statuses ?? "all", node_name: options.filterNode?.flatMap((name) => name.split(",")) ?? "all" };
  const items: JsonObject[] = [];
  let total = 0;
  do {
    const page = await askAgents(node, { filters, offset: items.length, limit: AGENTS_PER_PAGE, select: AGENT_FIELDS });
    if (page.items.length === 0) break;
    items.push(...page.items);
    total = page.total;
  } while (items.length < total);
  if (options.json === true) return printJson({ items, totalItems: items.length }, environment);
  environment.stdout.write(plainTable(AGENT_HEADS, items.map((agent) => AGENT_FIELDS.map((field) => cell(agent[field])))));
}

async function askAgents(node: LocalNode, args: JsonObject): Promise<{ readonly items: readonly JsonObject[]; readonly total: number }> {
  const request = newRequest({ module: "wazuh.core.agent", qualname: "Agent.get_agents_overview", arguments: args });
  const result = decodeResult(await node.ask(TO_LOCAL_NODE.dapi, formatRequest(request)));
  if (result instanceof MusterError) throw result;
  if (result.kind !== "result") throw MusterError.internal(1000, "the node answered with a result of another kind");
  const { items, totalItems } = result.content;
  return { items: listOf(items), total: typeof totalItems === "number" ? totalItems : 0 };
}

async function health(options: ControlOptions, more: boolean, environment: CommandEnvironment): Promise<void> {
  const node = new LocalNode(options.root, options.timeout);
  const report = await node.askJson(TO_LOCAL_NODE.getHealth, JSON.stringify(options.filterNode ?? null));
  const steps = await askSteps(node, options.filterNode ?? null);
  if (options.json === true) return printJson(steps === null ? report : { ...report, steps }, environment);
  const { name } = await node.askJson(TO_LOCAL_NODE.getConfig, "");
  const clusterName = typeof name === "string" ? name : "";
  environment.stdout.write((more ? longHealth(clusterName, report) : shortHealth(clusterName, report)) + stepText(steps, more));
}

/** Whether the workers are in step; null when the master does not tell: a foreign one has no such function. */
async function askSteps(node: LocalNode, names: readonly string[] | null): Promise<readonly JsonObject[] | null> {
  const request = newRequest({ module: "muster.cluster", qualname: "get_steps", arguments: { filter_node: names } });
  try {
    const result = decodeResult(await node.ask(TO_LOCAL_NODE.dapi, formatRequest(request)));
    return !(result instanceof MusterError) && result.kind === "affectedItems" ? listOf(result.affectedItems) : null;
  } catch (error) {
    if (error instanceof MusterError) return null;
    throw error;
  }
}

function printJson(value: unknown, { stdout }: CommandEnvironment): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item): item is JsonObject => typeof item === "object" && item !== null) : [];
}

/** A missing field reads `unknown`, as in the reference. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return "unknown";
  return typeof value === "string" ? value : JSON.stringify(value);
}
