import type { AnyActorRef } from "xstate";
import type { IntegrityCheckContext } from "../../../machines/integrityCheck.js";
import type { IntegritySyncContext } from "../../../machines/integritySync.js";
import type { ProcessFailure } from "../../../machines/process.js";
import { stateText } from "../stateText.js";

/** What the snapshots tell, at this moment, of a worker that is connected. */
export interface StepFact {
  /** The worker's name. */
  readonly worker: string;
  /** Wall time at which it was connected. */
  readonly connectedAt: number;
  /** Wall time at which it last knew that its files are the master's; null in a connection's first round. */
  readonly lastInStep: number | null;
  /** Did the last comparison find differences? Null when there was none yet. */
  readonly differs: boolean | null;
  /** State of the process that compares the files. */
  readonly state: string;
  readonly lastError: ProcessFailure | null;
}

interface Snapshot<Context> {
  readonly value: unknown;
  readonly context: Context;
  readonly children: Readonly<Record<string, AnyActorRef | undefined>>;
}

/**
 * Which workers are in step, read off a node's actors: on a master every connected worker, on a worker itself
 * while it is connected. Who is gone is not here: `StepWatch` remembers.
 *
 * @param root the node's root actor
 */
export function stepReport(root: AnyActorRef): readonly StepFact[] {
  const { children, context, value } = snapshotOf<{ readonly nodeName?: string; readonly connectedAt?: number | null }>(root);
  if ("integrityCheck" in children && value === "connected") {
    const fact = ofWorker(children.integrityCheck, context.nodeName ?? "", context.connectedAt ?? 0);
    return fact === undefined ? [] : [fact];
  }
  return Object.values(children).flatMap((child) => ofPeer(child) ?? []);
}

/** A worker as its own process sees it. */
function ofWorker(check: AnyActorRef | undefined, worker: string, connectedAt: number): StepFact | undefined {
  if (check === undefined) return undefined;
  const { context, value } = snapshotOf<IntegrityCheckContext>(check);
  const state = stateText(value);
  const lastInStep = context.lastCheck?.endedAt ?? null;
  const differs = state === "awaitingVerdict.filesComing" ? true : lastInStep === null ? null : false;
  return { worker, connectedAt, lastInStep, differs, state, lastError: context.record.lastError };
}

/** A worker as its peer actor on the master sees it. */
function ofPeer(peer: AnyActorRef | undefined): StepFact | undefined {
  if (peer === undefined) return undefined;
  const { context, value, children } = snapshotOf<{ readonly nodeName?: string | null; readonly connectedAt?: number | null }>(peer);
  const sync = children?.integritySync;
  if (value !== "connected" || sync === undefined || typeof context.nodeName !== "string") return undefined;
  const { context: integrity, value: state } = snapshotOf<IntegritySyncContext>(sync);
  const { lastInStep, lastCheck, counts, record } = integrity;
  // While a round runs its counts are not known yet: the last round's end tells.
  const differs =
    counts !== null
      ? counts.missing + counts.shared + counts.extra + counts.extraValid > 0
      : lastCheck === null
        ? null
        : lastInStep === null || lastCheck.endedAt > lastInStep;
  return { worker: context.nodeName, connectedAt: context.connectedAt ?? 0, lastInStep, differs, state: stateText(state), lastError: record.lastError };
}

function snapshotOf<Context>(actor: AnyActorRef): Snapshot<Context> {
  return actor.getSnapshot() as Snapshot<Context>;
}
