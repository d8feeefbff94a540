import { Counter, Histogram, Registry } from "prom-client";
import { MachineWatch } from "../../node/watch/MachineWatch.js";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import { AgentFigures } from "./AgentFigures.js";
import { addAgentMetrics } from "./agentMetrics.js";
import { addPeerMetrics } from "./peerMetrics.js";
import { addProcessMetrics } from "./processMetrics.js";
import { addQueueMetrics } from "./queueMetrics.js";
import { addRuntimeMetrics } from "./runtimeMetrics.js";
import { PauseMeter } from "./PauseMeter.js";

/** Seconds: from an answer on the loopback to a transfer of gigabytes. */
const STEP_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600];

/**
 * A node's figures as Prometheus reads them (docs/operations.md). Gauges are read off the node when somebody
 * asks; what happens between two questions is counted from the first question on, and no longer once nobody asks.
 */
export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #machines: MachineWatch;
  readonly #pauses = new PauseMeter();

  constructor(watch: NodeWatch) {
    const registers = [this.#registry];
    const steps = new Histogram({ name: "muster_step_seconds", help: "Time that machines spent in a state, counted when they left it.", labelNames: ["machine", "state"], buckets: STEP_BUCKETS, registers });
    const rounds = new Counter({ name: "muster_rounds_total", help: "Rounds of the processes by their result.", labelNames: ["machine", "result"], registers });
    const errors = new Counter({ name: "muster_errors_total", help: "Failures that machines recorded, by the catalogue's code.", labelNames: ["machine", "code"], registers });
    const files = new Counter({ name: "muster_files_total", help: "Files that synchronisations moved, by what became of them.", labelNames: ["machine", "action"], registers });
    const crashes = new Counter({ name: "muster_actor_crashes_total", help: "Actors that ended by an unexpected error.", labelNames: ["machine"], registers });
    this.#machines = new MachineWatch(watch.actor, watch.clock, {
      onStep: (machine, state, milliseconds) => {
        steps.observe({ machine, state }, milliseconds / 1000);
      },
      onRound: (machine, result) => {
        rounds.inc({ machine, result });
      },
      onError: (machine, code) => {
        errors.inc({ machine, code });
      },
      onFiles: (machine, action, count) => {
        files.inc({ machine, action }, count);
      },
      onCrash: (machine) => {
        crashes.inc({ machine });
      },
    });
    addProcessMetrics(this.#registry, watch);
    addPeerMetrics(this.#registry, watch);
    addQueueMetrics(this.#registry, watch);
    addAgentMetrics(this.#registry, watch.store, new AgentFigures(watch.store, watch.clock));
    addRuntimeMetrics(this.#registry, watch, this.#pauses);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The names of all metrics, for the test of the dashboard and the alerts. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    this.#machines.attend();
    this.#pauses.attend();
    return await this.#registry.metrics();
  }

  /** Observes nothing any more. */
  stop(): void {
    this.#machines.stop();
    this.#pauses.stop();
  }
}
