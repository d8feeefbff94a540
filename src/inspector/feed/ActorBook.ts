import type { AnyActorRef, AnyStateMachine, InspectionEvent } from "xstate";
import { stateText } from "../../node/stateText.js";
import type { InspectedNode } from "../InspectedNode.js";
import type { ActorView, ChartView, TransitionView } from "../page/wire.js";
import { chartOf } from "./chartOf.js";
import { eventLabel } from "./eventLabel.js";
import { publicContext } from "./publicContext.js";

/** Transitions told in one frame; of more, only their number. */
const MOST_TRANSITIONS = 500;

interface MachineSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: object;
  readonly machine?: AnyStateMachine;
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

interface KnownActor {
  readonly ref: AnyActorRef;
  snapshot: MachineSnapshot;
  state: string;
  since: number;
  exact: boolean;
}

/** What an interval brought: views of the actors that changed, and the changes of state one by one. */
export interface ActorNews {
  readonly actors: readonly ActorView[];
  readonly gone: readonly string[];
  readonly transitions: readonly TransitionView[];
  readonly missed: number;
  readonly charts: readonly ChartView[];
}

/** Keeps the latest snapshot of each of a node's machines, and reads it only when it is asked for news. */
export class ActorBook {
  readonly #node: InspectedNode;
  readonly #known = new Map<string, KnownActor>();
  readonly #changed = new Set<string>();
  readonly #charted = new Set<string>();
  #transitions: TransitionView[] = [];
  #missed = 0;
  #charts: ChartView[] = [];

  constructor(node: InspectedNode) {
    this.#node = node;
    for (const ref of this.#living()) this.#meet(ref, ref.getSnapshot() as MachineSnapshot, false);
  }

  /** Takes an inspection event; cheap, because it comes for every event of every machine. */
  note(inspected: InspectionEvent): void {
    if (inspected.type !== "@xstate.snapshot") return;
    const snapshot = inspected.snapshot as unknown as MachineSnapshot;
    if (snapshot.machine === undefined) return;
    const ref = inspected.actorRef as AnyActorRef;
    const known = this.#known.get(ref.sessionId);
    if (known === undefined) {
      const met = this.#meet(ref, snapshot, true);
      this.#tell(met, null, inspected.event.type);
      return;
    }
    if (known.snapshot === snapshot) return;
    known.snapshot = snapshot;
    this.#changed.add(ref.sessionId);
    const state = stateText(snapshot.value);
    if (state === known.state) return;
    const from = known.state;
    known.state = state;
    known.since = this.#node.clock.wallTime();
    known.exact = true;
    this.#tell(known, from, inspected.event.type);
  }

  /** What is new since the last call. */
  take(): ActorNews {
    const gone = this.#changed.size === 0 ? [] : this.#bury();
    const actors = [...this.#changed].flatMap((id) => {
      const known = this.#known.get(id);
      return known === undefined ? [] : [this.#view(known)];
    });
    const news = { actors, gone, transitions: this.#transitions, missed: this.#missed, charts: this.#charts };
    this.#changed.clear();
    this.#transitions = [];
    this.#missed = 0;
    this.#charts = [];
    return news;
  }

  #meet(ref: AnyActorRef, snapshot: MachineSnapshot, exact: boolean): KnownActor {
    const known = { ref, snapshot, state: stateText(snapshot.value), since: this.#node.clock.wallTime(), exact };
    this.#known.set(ref.sessionId, known);
    this.#changed.add(ref.sessionId);
    const { machine } = snapshot;
    if (machine !== undefined && !this.#charted.has(machine.id)) {
      this.#charted.add(machine.id);
      this.#charts.push(chartOf(machine));
    }
    return known;
  }

  #tell(known: KnownActor, from: string | null, eventType: string): void {
    if (this.#transitions.length >= MOST_TRANSITIONS) {
      this.#missed += 1;
      return;
    }
    const { ref, snapshot, since, state } = known;
    this.#transitions.push({
      at: since,
      actor: ref.sessionId,
      machine: snapshot.machine?.id ?? "",
      peer: this.#peerOf(snapshot),
      event: eventLabel(eventType),
      from,
      to: state,
    });
  }

  #view(known: KnownActor): ActorView {
    const { ref, snapshot, state, since, exact } = known;
    const parent = ref._parent;
    return {
      id: ref.sessionId,
      parent: parent?.sessionId ?? null,
      key: parent === undefined ? (snapshot.machine?.id ?? "") : ref.id,
      machine: snapshot.machine?.id ?? "",
      peer: this.#peerOf(snapshot),
      state,
      since,
      exact,
      context: publicContext(snapshot.context),
    };
  }

  #peerOf(snapshot: MachineSnapshot): string | null {
    const { peerId, nodeName } = snapshot.context as { readonly peerId?: string; readonly nodeName?: string | null };
    if (peerId === undefined) return null;
    // Longer than the connection is: the last snapshots of a closed one belong to its worker still.
    return nodeName ?? this.#node.peerName(peerId) ?? null;
  }

  /** Forgets actors that are no more: a stopped one says nothing of its own. */
  #bury(): string[] {
    const living = new Set(this.#living().map(({ sessionId }) => sessionId));
    // The root stays: its last state is what a viewer wants to see.
    living.add(this.#node.actor.sessionId);
    const gone = [...this.#known.keys()].filter((id) => !living.has(id));
    for (const id of gone) {
      this.#known.delete(id);
      this.#changed.delete(id);
    }
    return gone;
  }

  #living(): AnyActorRef[] {
    const found: AnyActorRef[] = [];
    const visit = (ref: AnyActorRef): void => {
      const { machine, children } = ref.getSnapshot() as MachineSnapshot;
      if (machine === undefined) return;
      found.push(ref);
      for (const child of Object.values(children ?? {})) if (child !== undefined) visit(child);
    };
    visit(this.#node.actor);
    return found;
  }
}
