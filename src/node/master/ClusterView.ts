import type { AnyActorRef } from "xstate";
import type { AgentGroupsSendRef } from "../../../machines/agentGroupsSend.js";
import type { AgentInfoSyncRef } from "../../../machines/agentInfoSync.js";
import type { ExtraValidSyncRef } from "../../../machines/extraValidSync.js";
import type { IntegritySyncRef } from "../../../machines/integritySync.js";
import type { WorkerPeerRef } from "../../../machines/workerPeer.js";
import { healthReport, type HealthReport, type WorkerHealth } from "../../dapi/cluster/health.js";
import type { NodeInfo } from "../../dapi/cluster/NodeInfo.js";
import { names, parseNodesArguments } from "../../dapi/cluster/parseNodesArguments.js";
import { selectNodes, type SelectedNodes } from "../../dapi/cluster/selectNodes.js";
import type { MasterServices } from "./MasterServices.js";

const NO_FILES = Object.freeze({ missing: 0, shared: 0, extra: 0, extraValid: 0 });

/** What the master tells of the cluster; all of it is read off its actors' snapshots when it is asked. */
export class ClusterView {
  readonly #services: Pick<MasterServices, "config" | "scope" | "store">;
  readonly #peers: () => readonly AnyActorRef[];

  /** @param peers the peer actors in the order of their connection */
  constructor(services: Pick<MasterServices, "config" | "scope" | "store">, peers: () => readonly AnyActorRef[]) {
    this.#services = services;
    this.#peers = peers;
  }

  /** `get_nodes` with its JSON arguments (dapi.md 4.1). */
  nodes(argumentsJson: unknown): SelectedNodes {
    const wanted = parseNodesArguments(argumentsJson);
    return selectNodes([this.#own(), ...this.#connected().map((peer) => this.#infoOf(peer))], wanted);
  }

  /** `get_health` with its filter: null, a name, or a list of names (dapi.md 4.2). */
  async health(filterJson: unknown): Promise<HealthReport> {
    const filter = names(filterJson, "the filter");
    const activeAgents = await this.#services.store.activeAgentsByNode({ withManager: this.#services.scope.dialect.countsManager });
    const countOf = (name: string): number => activeAgents.get(name) ?? 0;
    const wanted = (name: string): boolean => filter === null || filter.includes(name);
    const workers = this.#connected()
      .map((peer) => this.#healthOf(peer, countOf))
      .filter(({ info }) => wanted(info.name));
    const own = this.#own();
    return healthReport(workers, wanted(own.name) ? { info: own, activeAgents: countOf(own.name) } : null, this.#services.scope.dialect);
  }

  #own(): NodeInfo {
    const { config, scope } = this.#services;
    const { nodeName, nodes } = config.cluster;
    return { name: nodeName, type: "master", version: scope.dialect.version, ip: nodes[0] ?? "" };
  }

  #connected(): readonly WorkerPeerRef[] {
    return (this.#peers() as WorkerPeerRef[]).filter((peer) => peer.getSnapshot().matches("connected"));
  }

  #infoOf(peer: WorkerPeerRef): NodeInfo {
    const { nodeName, hello, address } = peer.getSnapshot().context;
    return { name: nodeName ?? "", type: "worker", version: hello?.version ?? "", ip: address };
  }

  #healthOf(peer: WorkerPeerRef, countOf: (name: string) => number): WorkerHealth {
    const { children, context } = peer.getSnapshot();
    const integrity = (children.integritySync as IntegritySyncRef | undefined)?.getSnapshot();
    const extraValid = (children.extraValidSync as ExtraValidSyncRef | undefined)?.getSnapshot();
    const agentInfo = (children.agentInfoSync as AgentInfoSyncRef | undefined)?.getSnapshot();
    const groups = (children.agentGroupsSend as AgentGroupsSendRef | undefined)?.getSnapshot();
    const info = this.#infoOf(peer);
    return {
      info,
      activeAgents: countOf(info.name),
      integrityFree: integrity?.matches("free") ?? false,
      extraValidFree: extraValid?.matches("free") ?? false,
      lastCheck: integrity?.context.lastCheck ?? null,
      lastSync: integrity?.context.lastSync ?? null,
      groupsWritten: extraValid?.context.written ?? 0,
      totalFiles: integrity?.context.lastSync?.counts ?? NO_FILES,
      agentInfoFree: agentInfo?.matches("free") ?? false,
      lastGroups: groups?.context.lastSync ?? null,
      lastFullGroups: groups?.context.lastFullSync ?? null,
      lastAgentInfo: agentInfo?.context.lastSync ?? null,
      lastKeepalive: context.lastKeepalive,
    };
  }
}
