import type { Command } from "commander";
import { createCatalogue } from "../dapi/catalogue/index.js";
import { ParsedFiles } from "../dapi/catalogue/ruleset/ParsedFiles.js";
import type { CatalogueFunction } from "../dapi/CatalogueFunction.js";
import type { DapiRequest } from "../dapi/DapiRequest.js";
import { formatRequest, newRequest } from "../dapi/encoding/requestJson.js";
import { decodeResult } from "../dapi/encoding/resultJson.js";
import { renderError, renderResult } from "../dapi/results/renderResult.js";
import { TO_LOCAL_NODE } from "../protocol/commands.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { parseArguments } from "./call/parseArguments.js";
import { resultText } from "./call/resultText.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { ExitCode } from "./ExitCode.js";
import { LocalNode, timeoutOption } from "./LocalNode.js";
import { rootOption } from "./rootOption.js";

interface CallOptions {
  readonly root: string;
  readonly json?: boolean;
  readonly timeout: number;
  readonly arg: readonly string[];
  readonly node?: readonly string[];
  readonly wait: boolean;
  readonly list: boolean;
}

/** `muster call --root DIR [--json] MODULE:FUNCTION [--arg k=v …] [--node N …]` (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  program
    .command("call")
    .description("ask for one function of the distributed API; the node passes it on to those that can answer")
    .argument("[function]", "MODULE:FUNCTION, for example agent:get_agents; wazuh. may be left out")
    .addOption(rootOption(environment))
    .addOption(timeoutOption())
    .option("--json", "the result as JSON, as the HTTP API gives it")
    .option("--arg <name=value...>", "an argument; JSON or a text; filters.status=active sets a member", [])
    .option("--node <name...>", "ask these nodes; without it a function of single nodes is asked of all")
    .option("--wait", "wait for the end however long the function runs", false)
    .option("--list", "list all functions", false)
    .action((name: string | undefined, options: CallOptions) => (options.list ? list(environment) : call(name, options, environment)));
}

async function call(name: string | undefined, options: CallOptions, environment: CommandEnvironment): Promise<void> {
  const request = requestOf(findFunction(name), options);
  const answer = await new LocalNode(options.root, options.timeout).ask(TO_LOCAL_NODE.dapi, formatRequest(request));
  const result = decodeResult(answer);
  const { stdout } = environment;
  if (result instanceof MusterError) {
    if (options.json === true) stdout.write(`${JSON.stringify(renderError(result), null, 2)}\n`);
    throw new CommandFailure(result.toString(), { lines: nodeErrors(result) });
  }
  stdout.write(options.json === true ? `${JSON.stringify(renderResult(result), null, 2)}\n` : resultText(result));
  if (result.kind === "affectedItems" && result.failedItems.length > 0) {
    const failed = result.failedItems.reduce((sum, { ids }) => sum + ids.length, 0);
    throw new CommandFailure(`${String(failed)} of the items failed.`, { exitCode: ExitCode.failed });
  }
}

/** The request of a call; a function that runs on single nodes and has no `--node` is asked of all. */
function requestOf(entry: CatalogueFunction, { arg, node, wait, timeout }: CallOptions): DapiRequest {
  const args = parseArguments(arg);
  const isOfNodes = entry.requestType === "distributed_master";
  if (node !== undefined && !isOfNodes) {
    throw CommandFailure.wrongUsage(`${nameOf(entry)} is answered by one node and takes no --node.`);
  }
  const namesNodes = ["node_list", "node_id", "agent_list", "agent_id"].some((name) => name in args);
  const everywhere = isOfNodes && node === undefined && !namesNodes;
  return newRequest({
    module: entry.module,
    qualname: entry.qualname,
    requestType: entry.requestType,
    arguments: node === undefined ? (everywhere ? { ...args, node_list: "*" } : args) : { ...args, node_list: node },
    broadcasting: everywhere,
    waitForComplete: wait,
    // The node gives up first, and says so; this command's own wait is the last resort.
    apiTimeout: wait ? null : Math.max(1, timeout - 5),
    // A muster node may run without the daemons of Wazuh: what a function needs, it asks for itself.
    basicServices: [],
  });
}

function findFunction(name: string | undefined): CatalogueFunction {
  const entries = catalogue();
  const wanted = name ?? "";
  const found = entries.find((entry) => nameOf(entry) === wanted || nameOf(entry) === `wazuh.${wanted}`);
  if (found !== undefined) return found;
  const word = wanted.split(":").at(-1) ?? "";
  const near = entries.map(nameOf).filter((known) => word !== "" && known.includes(word));
  throw CommandFailure.wrongUsage(
    `${name === undefined ? "Name a function: MODULE:FUNCTION." : `There is no function '${name}'.`} ${near.length > 0 ? `Did you mean ${near.slice(0, 5).join(" or ")}?` : "muster call --list shows all."}`,
  );
}

function list({ stdout }: CommandEnvironment): void {
  const names = catalogue().map((entry) => ({ name: nameOf(entry), type: entry.requestType }));
  const width = Math.max(...names.map(({ name }) => name.length));
  for (const { name, type } of names) stdout.write(`${name.padEnd(width)}  ${type}\n`);
}

function catalogue(): readonly CatalogueFunction[] {
  // Only names and types are read here: nothing is parsed, so nothing has to pause.
  return createCatalogue(new ParsedFiles(() => Promise.resolve())).entries;
}

function nameOf({ module, qualname }: CatalogueFunction): string {
  return `${module}:${qualname}`;
}

/** What each node said, where that is more than the error itself. */
function nodeErrors(error: MusterError): readonly string[] {
  return Object.entries(error.dapiErrors)
    .filter(([, told]) => told.error !== error.message)
    .map(([nodeName, told]) => `${nodeName}: ${told.error}`);
}
