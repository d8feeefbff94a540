import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { ClusterBlock, NodeConfig } from "../../../src/config/NodeConfig.js";
import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { DaemonSockets, FunctionContext, NodeFiles } from "../../../src/dapi/CatalogueFunction.js";
import type { AffectedItemsResult, ApiResult } from "../../../src/dapi/results/ApiResult.js";
import { nodeFiles } from "../../../src/node/ports/nodeFiles.js";
import { ManualClock } from "../../support/manualClock.js";

/** A member of the context that no function of rules, decoders or lists may touch. */
function untouchable(name: string): never {
  return new Proxy(
    {},
    {
      get: () => {
        throw new Error(`${name} was used`);
      },
    },
  ) as never;
}

/** A folder that goes away with its test. */
export async function temporaryFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "muster-dapi-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

export async function writeTree(root: string, tree: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** A node with real files, and its functions to call. */
export interface NodeFixture {
  readonly root: string;
  /** Paths whose text was read, in order. */
  readonly reads: string[];
  readonly parsed: ParsedFiles;
  readonly context: FunctionContext;
  /** Runs a function as a request does: arguments go through its schema. */
  run(name: string, args?: Readonly<Record<string, unknown>>): Promise<ApiResult>;
  /** The same, for a function whose result is one of items. */
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<AffectedItemsResult>;
}

/** What a test may set of a node. */
export interface NodeFixtureOptions {
  readonly signal?: AbortSignal;
  readonly files?: (real: NodeFiles) => NodeFiles;
  /** Members of the configuration's `<cluster>` block. */
  readonly cluster?: Partial<ClusterBlock>;
  /** Made for the node's root. @default none may be touched */
  readonly daemons?: (root: string) => DaemonSockets;
  /** Further members of the context. */
  readonly context?: Partial<FunctionContext>;
}

/** The key of a fixture's cluster. */
export const CLUSTER_KEY = "0123456789abcdef0123456789abcdef";

export const CONF = "<ossec_config>\n<cluster><name>wazuh</name></cluster>\n</ossec_config>\n";

export function ruleset(...lines: readonly string[]): string {
  return `<ossec_config><ruleset>${lines.join("\n")}</ruleset></ossec_config>`;
}

export async function nodeFixture(
  tree: Readonly<Record<string, string>>,
  options: NodeFixtureOptions = {},
): Promise<NodeFixture> {
  const root = await temporaryFolder();
  await writeTree(root, { "etc/ossec.conf": CONF, ...tree });
  const reads: string[] = [];
  const real = nodeFiles(root);
  const counted: NodeFiles = {
    ...real,
    readText: (path, limits) => {
      reads.push(path);
      return real.readText(path, limits);
    },
  };
  const context: FunctionContext = {
    config: {
      root,
      cluster: { name: "wazuh", nodeName: "node01", nodeType: "master", key: CLUSTER_KEY, ...options.cluster },
    } as NodeConfig,
    version: "4.3.0",
    store: untouchable("store"),
    cluster: untouchable("cluster"),
    files: options.files?.(counted) ?? counted,
    daemons: options.daemons?.(root) ?? untouchable("daemons"),
    clock: new ManualClock(),
    request: { rbacPermissions: {}, currentUser: "", broadcasting: false, nodes: [], fromCluster: false },
    signal: options.signal ?? new AbortController().signal,
    ...options.context,
  };
  const parsed = new ParsedFiles(() => Promise.resolve());
  const catalogue = createCatalogue(parsed);
  const run: NodeFixture["run"] = async (name, args = {}) => {
    const [module = "", qualname = ""] = name.split(":");
    const definition = catalogue.resolve(`wazuh.${module}`, qualname);
    return definition.run(definition.schema.parse(args), context);
  };
  return {
    root,
    reads,
    parsed,
    context,
    run,
    async call(name, args = {}) {
      const result = await run(name, args);
      if (result.kind !== "affectedItems") throw new Error("no result of items");
      return result;
    },
  };
}

/** One member of each item. */
export function membersOf(result: AffectedItemsResult, name: string): unknown[] {
  return result.affectedItems.map((item) => (item as Record<string, unknown>)[name]);
}

/** Failed items in short: code, text, ids. */
export function failuresOf(result: AffectedItemsResult): unknown[] {
  return result.failedItems.map(({ error, ids }) => [error.code, error.message, ids]);
}
