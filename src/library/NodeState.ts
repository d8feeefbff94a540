import type { AnyActor, InspectionEvent } from "xstate";
import { stateText } from "../node/stateText.js";

/** One actor of a node, with the actors that it started. */
export interface ActorState {
  /** The machine's name, for example `integritySync`. */
  readonly machine: string;
  /** Tells apart the actors of one machine within this node's life. */
  readonly actor: string;
  /** Nested states with a dot between them. */
  readonly state: string;
  /** On a master: the worker at the other end, once it is admitted. */
  readonly peer?: string;
  readonly children: readonly ActorState[];
}

/** One change of an actor's state. */
export interface StateChange {
  readonly machine: string;
  readonly actor: string;
  /** The type of the event that led to it. */
  readonly event: string;
  readonly state: string;
}

interface MachineSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly machine?: { readonly id: string };
  readonly context?: { readonly nodeName?: unknown };
  readonly children?: Readonly<Record<string, AnyActor | undefined>>;
}

/** The present states of an actor and of all below it; undefined for one that is no state machine. */
export function readActor(actor: AnyActor): ActorState | undefined {
  const { machine, value, context, children = {} } = actor.getSnapshot() as MachineSnapshot;
  if (machine === undefined) return undefined;
  const peer = machine.id === "workerPeer" && typeof context?.nodeName === "string" ? context.nodeName : undefined;
  return {
    machine: machine.id,
    actor: actor.sessionId,
    state: stateText(value),
    ...(peer === undefined ? {} : { peer }),
    children: Object.values(children).flatMap((child) => (child === undefined ? [] : (readActor(child) ?? []))),
  };
}

/** Tells each change of state of an actor and of all below it, until the function that it returns is called. */
export function watchActor(root: AnyActor, listener: (change: StateChange) => void): () => void {
  const states = new Map<string, string>();
  const subscription = root.system.inspect({
    next: (inspected: InspectionEvent) => {
      if (inspected.type !== "@xstate.snapshot") return;
      const { machine, value, status } = inspected.snapshot as MachineSnapshot;
      if (machine === undefined) return;
      const { sessionId } = inspected.actorRef as { sessionId: string };
      const state = stateText(value);
      if (states.get(sessionId) === state) return;
      if (status === "active") states.set(sessionId, state);
      else states.delete(sessionId);
      listener({ machine: machine.id, actor: sessionId, event: inspected.event.type, state });
    },
  });
  return () => {
    subscription.unsubscribe();
  };
}
