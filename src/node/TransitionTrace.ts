import type { AnyActor, AnyActorRef, InspectionEvent, Subscription } from "xstate";
import type { Clock } from "../protocol/Clock.js";
import { stateText } from "./stateText.js";
import { TraceFile } from "./trace/TraceFile.js";
import { TRACE_FORMAT, type TraceFailure, type TraceHeader, type TraceLine } from "./trace/TraceLine.js";

export type { TraceLine } from "./trace/TraceLine.js";

export interface TransitionTraceOptions extends Pick<TraceHeader, "node" | "nodeType" | "clusterVersion" | "version"> {
  readonly file: string;
  readonly clock: Clock;
  /** The name of the node behind a peer id, once it is known. */
  readonly peerName: (peerId: string) => string | undefined;
  readonly onTrouble: (error: Error) => void;
  /** Called once, when the file has reached its largest size and the trace has ended. */
  readonly onFull?: () => void;
}

interface MachineSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly machine?: { readonly id: string };
  readonly context?: {
    readonly peerId?: string;
    readonly taskId?: string | null;
    readonly bytes?: number;
    readonly files?: number;
    readonly record?: { readonly lastError: TraceFailure | null };
    readonly lastError?: TraceFailure | null;
  };
}

interface Known {
  readonly state: string;
  readonly error: TraceFailure | null;
}

/** Writes every change of state of a node's machines to a file, one JSON object a line (docs/operations.md). */
export class TransitionTrace {
  readonly #options: TransitionTraceOptions;
  readonly #file: TraceFile;
  readonly #began: number;
  readonly #known = new Map<string, Known>();
  readonly #subscription: Subscription;

  /** @param root the node's root actor, not started yet: a trace that begins later misses how its actors came about */
  constructor(root: AnyActor, options: TransitionTraceOptions) {
    const { file, node, nodeType, clusterVersion, version, clock, onTrouble, onFull } = options;
    this.#options = options;
    this.#began = clock.now();
    this.#file = new TraceFile({
      path: file,
      onTrouble,
      onFull: () => {
        this.#subscription.unsubscribe();
        onFull?.();
      },
    });
    const startedAt = new Date(clock.wallTime()).toISOString();
    this.#file.begin({ trace: "muster", format: TRACE_FORMAT, version, node, nodeType, clusterVersion, startedAt });
    this.#subscription = root.system.inspect({
      next: (event) => {
        this.#note(event);
      },
    });
  }

  /** Ends the trace; what was noted is written. */
  async close(): Promise<void> {
    this.#subscription.unsubscribe();
    await this.#file.close(this.#elapsed());
  }

  #elapsed(): number {
    return Math.round(this.#options.clock.now() - this.#began);
  }

  /** A microstep is one transition, also within what an event sets off; a snapshot shows how an actor begins. */
  #note(inspected: InspectionEvent): void {
    if (inspected.type !== "@xstate.microstep" && inspected.type !== "@xstate.snapshot") return;
    const snapshot = inspected.snapshot as MachineSnapshot;
    if (snapshot.machine === undefined) return;
    const actor = inspected.actorRef as AnyActorRef;
    const before = this.#known.get(actor.sessionId);
    if (inspected.type === "@xstate.snapshot" && (before !== undefined || snapshot.status !== "active")) return;
    const state = stateText(snapshot.value);
    const error = snapshot.context?.record?.lastError ?? snapshot.context?.lastError ?? null;
    if (snapshot.status === "active") this.#known.set(actor.sessionId, { state, error });
    else this.#known.delete(actor.sessionId);
    if (before?.state === state) return;
    this.#file.add(this.#lineOf(actor, inspected.event.type, snapshot, { state, before, error }));
  }

  #lineOf(
    actor: AnyActorRef,
    event: string,
    { machine, context }: MachineSnapshot,
    { state, before, error }: Known & { readonly before: Known | undefined },
  ): TraceLine {
    const { clock, node, peerName } = this.#options;
    const parent = (actor as { readonly _parent?: AnyActorRef })._parent;
    const peer = context?.peerId === undefined ? undefined : peerName(context.peerId);
    const { taskId, bytes, files } = context ?? {};
    return {
      time: new Date(clock.wallTime()).toISOString(),
      elapsed: this.#elapsed(),
      node,
      machine: machine?.id ?? "",
      actor: actor.sessionId,
      ...(parent === undefined ? {} : { parent: parent.sessionId, id: actor.id }),
      ...(peer === undefined ? {} : { peer }),
      event,
      ...(before === undefined ? {} : { from: before.state }),
      state,
      ...(typeof taskId === "string" ? { task: taskId } : {}),
      ...(bytes === undefined ? {} : { bytes }),
      ...(files === undefined ? {} : { files }),
      ...(error === null || error === before?.error ? {} : { error: { code: error.code, step: error.step, message: error.message } }),
    };
  }
}
