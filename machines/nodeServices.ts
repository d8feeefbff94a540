import type { MachineClock } from "./process.js";

/**
 * What every node has as long as it lives, by actor id: requests come from local clients with or without a cluster.
 */
export const NODE_SERVICES = ["dapiQueue", "sendsyncQueue", "localServer"] as const;
export type NodeService = (typeof NODE_SERVICES)[number];

export const isService = (id: string): id is NodeService => (NODE_SERVICES as readonly string[]).includes(id);

/** The bounds of a node's services, as part of its root's input. */
export interface ServiceBounds {
  /** Distributed requests that are worked on at a time, and that may wait besides. */
  readonly dapiConcurrency: number;
  readonly dapiCapacity: number;
  /** Milliseconds for a request's resolution, and for its answer to be taken. */
  readonly dapiStepDeadline: number;
  /** Messages for daemons that are worked on at a time, and that may wait besides. */
  readonly sendsyncConcurrency: number;
  readonly sendsyncCapacity: number;
  /** Clients of the local socket at once. */
  readonly localClients: number;
}

/** What each service starts with. */
export function serviceInputs(node: ServiceBounds & { readonly clock: MachineClock }) {
  const { clock } = node;
  return {
    dapiQueue: { clock, concurrency: node.dapiConcurrency, capacity: node.dapiCapacity, stepDeadline: node.dapiStepDeadline },
    sendsyncQueue: { concurrency: node.sendsyncConcurrency, capacity: node.sendsyncCapacity },
    localServer: { clock, capacity: node.localClients },
  };
}
