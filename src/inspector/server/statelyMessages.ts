import type { AnyActor, AnyActorRef, InspectionEvent } from "xstate";
import { publicContext } from "../feed/publicContext.js";

/** The version of the package whose wire format this is. */
const FORMAT_VERSION = "0.7.2";

interface SnapshotLike {
  readonly status?: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly machine?: object;
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

interface LogicLike {
  /** Machines have one. */
  readonly config?: { readonly id?: string };
}

/** What all messages of the format carry. */
function common(sessionId: string, rootId: string, wallTime: number) {
  return { _version: FORMAT_VERSION, createdAt: String(wallTime), id: null, rootId, sessionId };
}

function shownSnapshot(ref: AnyActorRef, snapshot: unknown = ref.getSnapshot()) {
  const { status, value, context } = snapshot as SnapshotLike;
  return { status, value, context: publicContext(context) };
}

/** The words of `@statelyai/inspect` that introduce an actor which lives. */
export function statelyActor(ref: AnyActorRef, rootId: string, wallTime: number): string {
  return introduction(ref, rootId, wallTime, shownSnapshot(ref));
}

function introduction(ref: AnyActorRef, rootId: string, wallTime: number, snapshot: object): string {
  const { config } = (ref as AnyActor).logic as LogicLike;
  return JSON.stringify({
    ...common(ref.sessionId, rootId, wallTime),
    type: "@xstate.actor",
    name: ref.id === ref.sessionId && config !== undefined ? config.id : ref.id,
    // Functions and actors are dropped: the viewer draws states and events.
    definition: JSON.stringify(config ?? { id: ref.id }, (key, value: unknown) => (key === "context" ? undefined : value)),
    parentId: ref._parent?.sessionId,
    snapshot,
  });
}

/** The same of an inspection event; undefined for those that the format does not have. */
export function statelyMessage(inspected: InspectionEvent, wallTime: number): string | undefined {
  const ref = inspected.actorRef as AnyActorRef;
  const { rootId } = inspected;
  switch (inspected.type) {
    case "@xstate.actor":
      // It is being made, and has no snapshot to read yet; its first one is told next.
      return introduction(ref, rootId, wallTime, { status: "active" });
    case "@xstate.event":
      return JSON.stringify({
        ...common(ref.sessionId, rootId, wallTime),
        type: inspected.type,
        event: publicContext(inspected.event),
        sourceId: (inspected.sourceRef as AnyActorRef | undefined)?.sessionId,
      });
    case "@xstate.snapshot":
      return JSON.stringify({
        ...common(ref.sessionId, rootId, wallTime),
        type: inspected.type,
        event: publicContext(inspected.event),
        snapshot: shownSnapshot(ref, inspected.snapshot),
      });
    default:
      return undefined;
  }
}

/** The root and all machines below it, parents first. */
export function machinesBelow(root: AnyActorRef): AnyActorRef[] {
  const { machine, children } = root.getSnapshot() as SnapshotLike;
  if (machine === undefined) return [];
  return [root, ...Object.values(children ?? {}).flatMap((child) => (child === undefined ? [] : machinesBelow(child)))];
}
