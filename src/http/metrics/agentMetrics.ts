import type { Registry } from "prom-client";
import type { AgentStore } from "../../agents/AgentStore.js";
import type { AgentFigures } from "./AgentFigures.js";
import { readCounter } from "./readCounter.js";
import { readGauge, type Reading } from "./readGauge.js";

/** The node's agents, and the store that keeps them. */
export function addAgentMetrics(registry: Registry, store: Pick<AgentStore, "describe">, figures: AgentFigures): void {
  readGauge(registry, {
    name: "muster_agents",
    help: "Agents in this node's store by their status, the manager itself left out; up to 30 s old.",
    labels: ["status"],
    read: async () => [...(await figures.byStatus())].map(([status, count]): Reading<"status"> => [{ status }, count]),
  });
  readGauge(registry, {
    name: "muster_agent_store_state",
    help: "1 for the state that the agent store is in.",
    labels: ["adapter", "state"],
    read: () => {
      const { adapter, state } = store.describe();
      return [[{ adapter, state }, 1]];
    },
  });
  readCounter(registry, {
    name: "muster_agent_store_restarts_total",
    help: "Times that the store's thread or socket was started again.",
    labels: [],
    read: () => [[{}, store.describe().restarts]],
  });
}
