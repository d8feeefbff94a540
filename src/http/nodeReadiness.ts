import type { AnyActor, SnapshotFrom } from "xstate";
import type { master } from "../../machines/master.js";
import type { worker } from "../../machines/worker.js";
import type { Clock } from "../protocol/Clock.js";
import type { Readiness } from "./Readiness.js";

export interface NodeReadinessOptions {
  /** The root of the node's actors. */
  readonly actor: AnyActor;
  readonly type: "master" | "worker";
  readonly clock: Clock;
  /** Seconds since the last round that ended in step, for a worker. */
  readonly within: number;
}

const READY: Readiness = { ready: true, reason: "ready" };

/** Whether a node serves: a master when it takes connections, a worker when it is connected and in step (interface.md). */
export function nodeReadiness({ actor, type, clock, within }: NodeReadinessOptions): Readiness {
  return type === "master" ? masterReadiness(actor) : workerReadiness(actor, clock, within);
}

function masterReadiness(actor: AnyActor): Readiness {
  const snapshot = actor.getSnapshot() as SnapshotFrom<typeof master>;
  return snapshot.matches("running") ? READY : notReady(`the master is ${String(snapshot.value)}`);
}

/** The last round's end is wall time, as health has it: a jump of the clock shows until the next round. */
function workerReadiness(actor: AnyActor, clock: Clock, within: number): Readiness {
  const snapshot = actor.getSnapshot() as SnapshotFrom<typeof worker>;
  if (!snapshot.matches("connected")) return notReady(`the worker is ${String(snapshot.value)}, not connected to its master`);
  const lastCheck = snapshot.children.integrityCheck?.getSnapshot().context.lastCheck ?? null;
  if (lastCheck === null) return notReady("the worker is connected, and no round has found it in step yet");
  const seconds = Math.round((clock.wallTime() - lastCheck.endedAt) / 1000);
  if (seconds > within) return notReady(`the worker was in step ${seconds} s ago; ${within} s are allowed`);
  return READY;
}

function notReady(reason: string): Readiness {
  return { ready: false, reason };
}
