import { createWriteStream, type WriteStream } from "node:fs";
import type { AnyActor, InspectionEvent, Subscription } from "xstate";
import type { Clock } from "../protocol/Clock.js";
import { stateText } from "./stateText.js";

/** One line of a trace: an actor took an event and was in this state afterwards. */
export interface TraceLine {
  /** Instant, UTC. */
  readonly time: string;
  /** Milliseconds since the trace began, monotonic. */
  readonly elapsed: number;
  readonly node: string;
  /** The machine's name, for example `integritySync`. */
  readonly machine: string;
  /** Tells apart the actors of one machine within this node's life. */
  readonly actor: string;
  /** The worker at the other end, where the actor belongs to one. */
  readonly peer?: string;
  readonly event: string;
  readonly state: string;
}

export interface TransitionTraceOptions {
  readonly file: string;
  readonly node: string;
  readonly clock: Clock;
  /** The name of the node behind a peer id, once it is known. */
  readonly peerName: (peerId: string) => string | undefined;
  readonly onTrouble: (error: Error) => void;
}

interface MachineSnapshot {
  readonly value?: unknown;
  readonly machine?: { readonly id: string };
  readonly context?: { readonly peerId?: string };
}

/** Writes every change of state of a node's machines to a file, one JSON object a line. */
export class TransitionTrace {
  readonly #options: TransitionTraceOptions;
  readonly #file: WriteStream;
  readonly #began: number;
  readonly #states = new Map<string, string>();
  readonly #subscription: Subscription;

  constructor(root: AnyActor, options: TransitionTraceOptions) {
    this.#options = options;
    this.#began = options.clock.now();
    this.#file = createWriteStream(options.file, { flags: "w" });
    this.#file.on("error", options.onTrouble);
    this.#subscription = root.system.inspect({
      next: (event) => {
        this.#note(event);
      },
    });
  }

  /** Ends the trace; what was noted is written. */
  async close(): Promise<void> {
    this.#subscription.unsubscribe();
    await new Promise<void>((resolve) => {
      if (this.#file.destroyed) resolve();
      else this.#file.end(resolve);
    });
  }

  #note(inspected: InspectionEvent): void {
    if (inspected.type !== "@xstate.snapshot") return;
    const { machine, value, context } = inspected.snapshot as MachineSnapshot;
    if (machine === undefined) return;
    const { sessionId } = inspected.actorRef as { sessionId: string };
    const state = stateText(value);
    if (this.#states.get(sessionId) === state) return;
    if (inspected.snapshot.status === "active") this.#states.set(sessionId, state);
    else this.#states.delete(sessionId);
    const { clock, node, peerName } = this.#options;
    const peer = context?.peerId === undefined ? undefined : peerName(context.peerId);
    const line: TraceLine = {
      time: new Date(clock.wallTime()).toISOString(),
      elapsed: Math.round(clock.now() - this.#began),
      node,
      machine: machine.id,
      actor: sessionId,
      ...(peer === undefined ? {} : { peer }),
      event: inspected.event.type,
      state,
    };
    this.#file.write(`${JSON.stringify(line)}\n`);
  }
}
