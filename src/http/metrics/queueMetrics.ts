import type { Registry } from "prom-client";
import type { AnyActorRef } from "xstate";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import type { PeerTraffic } from "../../node/watch/Traffic.js";
import { readCounter } from "./readCounter.js";
import { readGauge, type Reading } from "./readGauge.js";

interface QueueContext {
  readonly running: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly waiting: readonly unknown[];
  readonly received: number;
  readonly refused: number;
}

/** Queues that are actors of the node, by actor id, and the names that they have here. */
const QUEUES = { dapi: "dapiQueue", sendsync: "sendsyncQueue" } as const;

/** What waits: for the queues' turn, for a thread, for the agent store, for a peer's socket. */
export function addQueueMetrics(registry: Registry, { actor, pool, store, traffic }: NodeWatch): void {
  const queues = (): [string, QueueContext][] => {
    const { children } = actor.getSnapshot() as unknown as { readonly children: Readonly<Record<string, AnyActorRef | undefined>> };
    return Object.entries(QUEUES).flatMap(([queue, id]): [string, QueueContext][] => {
      const snapshot = children[id]?.getSnapshot() as { readonly context?: QueueContext } | undefined;
      return snapshot?.context === undefined ? [] : [[queue, snapshot.context]];
    });
  };
  readGauge(registry, {
    name: "muster_queue_depth",
    help: "Requests that a queue works on, and that wait in it.",
    labels: ["queue", "part"],
    read: () => {
      const { inFlight, waiting } = store.describe();
      return [
        ...queues().flatMap(([queue, context]): Reading<"queue" | "part">[] => [
          [{ queue, part: "running" }, Object.keys(context.running).length],
          [{ queue, part: "waiting" }, context.waiting.length],
        ]),
        [{ queue: "pool", part: "waiting" }, pool.load.queued],
        [{ queue: "agentStore", part: "running" }, inFlight],
        [{ queue: "agentStore", part: "waiting" }, waiting],
      ];
    },
  });
  const ofQueues = (name: string, help: string, field: "received" | "refused"): void => {
    readCounter(registry, { name, help, labels: ["queue"], read: () => queues().map(([queue, context]): Reading<"queue"> => [{ queue }, context[field]]) });
  };
  ofQueues("muster_queue_received_total", "Requests that came to a queue and were taken.", "received");
  ofQueues("muster_queue_refused_total", "Requests that a full queue refused.", "refused");

  const ofPeers = (name: string, help: string, field: keyof PeerTraffic): void => {
    readGauge(registry, { name, help, labels: ["peer"], read: () => traffic.read().map((peer): Reading<"peer"> => [{ peer: peer.peer }, Number(peer[field])]) });
  };
  ofPeers("muster_send_queue_bytes", "Bytes that wait to be sent to a peer.", "queuedBytes");
  ofPeers("muster_receive_queue_bytes", "Bytes of a peer that are received and in hand.", "heldBytes");
  ofPeers("muster_outstanding_requests", "Requests to a peer that wait for their answer.", "outstanding");

  readGauge(registry, { name: "muster_pool_threads", help: "Threads of the pool that are there.", labels: [], read: () => [[{}, pool.load.threads]] });
  readCounter(registry, { name: "muster_pool_jobs_total", help: "Jobs that the pool has done.", labels: [], read: () => [[{}, pool.load.completed]] });
  const ofPool = (name: string, help: string, average: "averageWait" | "averageRun", p99: "p99Wait" | "p99Run"): void => {
    readGauge(registry, {
      name,
      help,
      labels: ["of"],
      read: () => [
        [{ of: "average" }, pool.load[average] / 1000],
        [{ of: "p99" }, pool.load[p99] / 1000],
      ],
    });
  };
  ofPool("muster_pool_wait_seconds", "Time that jobs waited for a thread, since the start.", "averageWait", "p99Wait");
  ofPool("muster_pool_run_seconds", "Time that jobs ran on a thread, since the start.", "averageRun", "p99Run");
}
