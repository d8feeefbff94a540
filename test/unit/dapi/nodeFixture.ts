import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { NodeConfig } from "../../../src/config/NodeConfig.js";
import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { FunctionContext, NodeFiles } from "../../../src/dapi/CatalogueFunction.js";
import type { AffectedItemsResult } from "../../../src/dapi/results/ApiResult.js";
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
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<AffectedItemsResult>;
}

export const CONF = "<ossec_config>\n<cluster><name>wazuh</name></cluster>\n</ossec_config>\n";

export function ruleset(...lines: readonly string[]): string {
  return `<ossec_config><ruleset>${lines.join("\n")}</ruleset></ossec_config>`;
}

export async function nodeFixture(
  tree: Readonly<Record<string, string>>,
  options: { readonly signal?: AbortSignal; readonly files?: (real: NodeFiles) => NodeFiles } = {},
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
    config: { root } as NodeConfig,
    version: "4.3.0",
    store: untouchable("store"),
    cluster: untouchable("cluster"),
    files: options.files?.(counted) ?? counted,
    daemons: untouchable("daemons"),
    clock: new ManualClock(),
    request: { rbacPermissions: {}, currentUser: "", broadcasting: false, nodes: [], fromCluster: false },
    signal: options.signal ?? new AbortController().signal,
  };
  const parsed = new ParsedFiles(() => Promise.resolve());
  const catalogue = createCatalogue(parsed);
  return {
    root,
    reads,
    parsed,
    context,
    async call(name, args = {}) {
      const [module = "", qualname = ""] = name.split(":");
      const definition = catalogue.resolve(`wazuh.${module}`, qualname);
      const result = await definition.run(definition.schema.parse(args), context);
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
