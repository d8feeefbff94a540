import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../../src/agents/AgentStoreSettings.js";
import type { NewAgent } from "../../../../src/agents/NewAgent.js";
import { WdbAgentStore } from "../../../../src/agents/WdbAgentStore.js";
import type { ClusterBlock } from "../../../../src/config/NodeConfig.js";
import type { Catalogue } from "../../../../src/dapi/catalogue/Catalogue.js";
import { createCatalogue } from "../../../../src/dapi/catalogue/index.js";
import type { ClusterPort, DaemonSockets, FunctionContext } from "../../../../src/dapi/CatalogueFunction.js";
import type { NodeInfo } from "../../../../src/dapi/cluster/NodeInfo.js";
import type { WorkerStep } from "../../../../src/dapi/cluster/WorkerStep.js";
import { parseNodesArguments } from "../../../../src/dapi/cluster/parseNodesArguments.js";
import { selectNodes } from "../../../../src/dapi/cluster/selectNodes.js";
import type { AffectedItemsResult, ApiResult, WazuhResult } from "../../../../src/dapi/results/ApiResult.js";
import { ManualClock } from "../../../support/manualClock.js";
import { inProcessTransport } from "../../agents/inProcessTransport.js";
import { temporaryStore } from "../../agents/temporaryStore.js";
import { nodeFixture } from "../nodeFixture.js";

export interface AgentNodeOptions {
  readonly agents?: readonly NewAgent[];
  /** Further statements on the store before the node uses it. */
  readonly statements?: readonly string[];
  readonly tree?: Readonly<Record<string, string>>;
  readonly nodes?: readonly NodeInfo[];
  readonly health?: (filterNode: readonly string[] | null) => Awaited<ReturnType<ClusterPort["health"]>>;
  readonly running?: boolean;
  readonly steps?: readonly WorkerStep[];
  readonly cluster?: Partial<ClusterBlock>;
  readonly request?: Partial<FunctionContext["request"]>;
  readonly sendDatagram?: DaemonSockets["sendDatagram"];
  readonly signal?: AbortSignal;
}

export interface AgentNode {
  readonly catalogue: Catalogue;
  readonly context: FunctionContext;
  /** Commands that the store got, in order. */
  readonly commands: readonly string[];
  /** Datagrams that daemons got: `path text`. */
  readonly datagrams: readonly string[];
  run(name: string, args?: Readonly<Record<string, unknown>>): Promise<ApiResult>;
  /** The same, for functions that give items. */
  items(name: string, args?: Readonly<Record<string, unknown>>): Promise<AffectedItemsResult>;
  /** The same, for functions that give a plain result. */
  plain(name: string, args?: Readonly<Record<string, unknown>>): Promise<WazuhResult["content"]>;
}

export const MASTER: NodeInfo = { name: "master", type: "master", version: "4.3.0", ip: "127.0.0.1" };

/** A master with the embedded store on a file, and real files. */
export async function agentNode(options: AgentNodeOptions = {}): Promise<AgentNode> {
  const { context: bare } = await nodeFixture(options.tree ?? {});
  const embedded = temporaryStore(options.agents ?? []);
  for (const statement of options.statements ?? []) embedded.run(`global sql ${statement}`);
  const transport = inProcessTransport((command) => embedded.run(command));
  const clock = new ManualClock();
  const store = new WdbAgentStore({ transport, clock, settings: DEFAULT_AGENT_STORE_SETTINGS });
  const datagrams: string[] = [];
  const { nodes = [MASTER] } = options;
  const context: FunctionContext = {
    ...bare,
    config: {
      ...bare.config,
      cluster: {
        name: "wazuh",
        nodeName: "master",
        nodeType: "master",
        key: "9d273b53510fef702b54a92e9cffc82e",
        port: 1516,
        bindAddress: "0.0.0.0",
        nodes: ["10.0.0.1"],
        hidden: "no",
        disabled: false,
        extra: {},
        ...options.cluster,
      },
    },
    store,
    clock,
    cluster: {
      running: options.running ?? true,
      nodes: (args) => Promise.resolve(selectNodes(nodes, parseNodesArguments(args))),
      steps: () => options.steps ?? [],
      health: (filter) => Promise.resolve(options.health?.(filter) ?? { n_connected_nodes: 0, nodes: {} }),
    },
    daemons: {
      exchange: () => Promise.reject(new Error("no daemon is asked")),
      sendDatagram: async (path, message) => {
        await options.sendDatagram?.(path, message);
        datagrams.push(`${path} ${Buffer.from(message).toString("utf8")}`);
      },
    },
    request: { ...bare.request, ...options.request },
    signal: options.signal ?? bare.signal,
  };
  const catalogue = createCatalogue({} as never);
  const run = async (name: string, args: Readonly<Record<string, unknown>> = {}): Promise<ApiResult> => {
    const [module = "", qualname = ""] = name.split(":");
    const definition = catalogue.resolve(module.includes(".") ? module : `wazuh.${module}`, qualname);
    return definition.run(definition.schema.parse(args), context);
  };
  return {
    catalogue,
    context,
    commands: transport.commands,
    datagrams,
    run,
    items: async (name, args) => {
      const result = await run(name, args);
      if (result.kind !== "affectedItems") throw new Error("no result of items");
      return result;
    },
    plain: async (name, args) => {
      const result = await run(name, args);
      if (result.kind !== "result") throw new Error("no plain result");
      return result.content;
    },
  };
}

/** `rbac_permissions` that allow only what is named. */
export function white(
  action: string,
  resources: Readonly<Record<string, "allow" | "deny">>,
): Readonly<Record<string, unknown>> {
  return { [action]: resources, rbac_mode: "white" };
}

/** `rbac_permissions` that forbid only what is named. */
export function black(
  action: string,
  resources: Readonly<Record<string, "allow" | "deny">>,
): Readonly<Record<string, unknown>> {
  return { [action]: resources, rbac_mode: "black" };
}
