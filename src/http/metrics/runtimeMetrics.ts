import { cpuUsage, memoryUsage, uptime } from "node:process";
import type { Registry } from "prom-client";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import type { PauseMeter } from "./PauseMeter.js";
import { readCounter } from "./readCounter.js";
import { readGauge } from "./readGauge.js";

/** The node's own process: who it is, its memory and processor time, its main thread's pauses. */
export function addRuntimeMetrics(registry: Registry, { identity }: Pick<NodeWatch, "identity">, pauses: PauseMeter): void {
  const { node, type, cluster, version, clusterVersion } = identity;
  readGauge(registry, {
    name: "muster_info",
    help: "Always 1; its labels tell who this node is.",
    labels: ["node", "type", "cluster", "version", "cluster_version"],
    read: () => [[{ node, type, cluster, version, cluster_version: clusterVersion }, 1]],
  });
  readGauge(registry, {
    name: "muster_main_thread_pause_seconds",
    help: "Time that the main thread kept others waiting since the scrape before.",
    labels: ["of"],
    read: () => {
      const measured = pauses.take();
      if (measured === undefined) return [];
      return [
        [{ of: "p50" }, measured.p50],
        [{ of: "p99" }, measured.p99],
        [{ of: "longest" }, measured.longest],
      ];
    },
  });
  readGauge(registry, { name: "muster_resident_memory_bytes", help: "Memory of the process.", labels: [], read: () => [[{}, memoryUsage.rss()]] });
  readGauge(registry, { name: "muster_uptime_seconds", help: "Time since the process began.", labels: [], read: () => [[{}, uptime()]] });
  readCounter(registry, {
    name: "muster_cpu_seconds_total",
    help: "Processor time of the process with all its threads.",
    labels: [],
    read: () => {
      const { user, system } = cpuUsage();
      return [[{}, (user + system) / 1e6]];
    },
  });
}
