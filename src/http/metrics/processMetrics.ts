import type { Registry } from "prom-client";
import type { AnyActorRef } from "xstate";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import { stateText } from "../../node/stateText.js";
import { readGauge, type Reading } from "./readGauge.js";

interface MachineSnapshot {
  readonly value?: unknown;
  readonly machine?: { readonly id: string };
  readonly context?: { readonly nodeName?: string | null; readonly record?: { readonly lastSuccess: { readonly endedAt: number } | null } };
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

interface LivingProcess {
  readonly peer: string;
  readonly process: string;
  readonly state: string;
  readonly lastSuccess: number | null;
}

/** Actors of which there is one for each request or local client: the queues' depths tell of them. */
const TRANSIENT = new Set(["dapiRequest", "localClient"]);

/** The states of the node's processes, read off the actors' snapshots. */
export function addProcessMetrics(registry: Registry, { actor, identity }: NodeWatch): void {
  const ownPeer = identity.type === "worker" ? "master" : "";
  readGauge(registry, {
    name: "muster_process_state",
    help: "1 for the state that a process is in; a process has no other series.",
    labels: ["peer", "process", "state"],
    read: () => processes(actor, ownPeer).map(({ peer, process, state }): Reading<"peer" | "process" | "state"> => [{ peer, process, state }, 1]),
  });
  readGauge(registry, {
    name: "muster_process_last_success_timestamp_seconds",
    help: "When a process last ended a round well, in Unix time.",
    labels: ["peer", "process"],
    read: () =>
      processes(actor, ownPeer).flatMap(({ peer, process, lastSuccess }): Reading<"peer" | "process">[] =>
        lastSuccess === null ? [] : [[{ peer, process }, lastSuccess / 1000]],
      ),
  });
}

/** The living machines below an actor, itself first; those of a connection without a hello are left out. */
function processes(root: AnyActorRef, ownPeer: string): LivingProcess[] {
  const found: LivingProcess[] = [];
  const visit = (actor: AnyActorRef, peer: string): void => {
    const { machine, value, context, children = {} } = actor.getSnapshot() as unknown as MachineSnapshot;
    if (machine === undefined || TRANSIENT.has(machine.id)) return;
    if (machine.id === "workerPeer" && (context?.nodeName ?? null) === null) return;
    const here = machine.id === "workerPeer" ? (context?.nodeName ?? "") : peer;
    found.push({ peer: here, process: machine.id, state: stateText(value), lastSuccess: context?.record?.lastSuccess?.endedAt ?? null });
    for (const child of Object.values(children)) if (child !== undefined) visit(child, here);
  };
  visit(root, ownPeer);
  // A worker that came back is there twice until its old connection is closed: the younger one counts.
  return [...new Map(found.map((process) => [`${process.peer} ${process.process}`, process])).values()];
}
