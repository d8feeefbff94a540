import type { AnyActorRef, InspectionEvent, Subscription } from "xstate";
import type { ApplyOutcome } from "../../../machines/integrityApply.js";
import type { ProcessFailure, ProcessRecord } from "../../../machines/process.js";
import type { DifferenceCounts } from "../../../workers/jobs.js";
import type { Clock, TimerHandle } from "../../protocol/Clock.js";
import { stateText } from "../stateText.js";

/** Milliseconds without a reader after which the machines are no longer observed. */
const UNWATCHED_AFTER = 300_000;

export type RoundResult = "succeeded" | "failed" | "refused";
export type FileAction = "created" | "overwritten" | "deleted" | "failed" | "groupsWritten";

/** Who hears of what the machines did. */
export interface MachineListener {
  /** An actor has left a state after so many milliseconds. */
  onStep(machine: string, state: string, milliseconds: number): void;
  onRound(machine: string, result: RoundResult): void;
  /** A failure was recorded; the code is of the catalogue. */
  onError(machine: string, code: number): void;
  onFiles(machine: string, action: FileAction, count: number): void;
  onCrash(machine: string): void;
}

interface MachineSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly machine?: { readonly id: string };
  readonly context: {
    readonly record?: ProcessRecord;
    readonly lastError?: ProcessFailure | null;
    readonly refusals?: number;
    readonly lastSync?: { readonly counts?: DifferenceCounts } | null;
    readonly outcome?: unknown;
    readonly written?: number;
  };
}

interface Seen {
  readonly state: string;
  readonly since: number;
  readonly snapshot: MachineSnapshot;
}

/**
 * Observes the machines for somebody who reads figures now and then. Nothing is observed before the first
 * `attend`, nor when no reader has come for a while: an observed machine takes its events at half the speed.
 */
export class MachineWatch {
  readonly #root: AnyActorRef;
  readonly #clock: Clock;
  readonly #listener: MachineListener;
  readonly #seen = new Map<string, Seen>();
  #subscription: Subscription | undefined;
  #timer: TimerHandle;

  constructor(root: AnyActorRef, clock: Clock, listener: MachineListener) {
    this.#root = root;
    this.#clock = clock;
    this.#listener = listener;
  }

  get isObserving(): boolean {
    return this.#subscription !== undefined;
  }

  /** A reader is here: the machines are observed from now on, for a while. */
  attend(): void {
    if (this.#subscription === undefined) {
      this.#remember(this.#root);
      this.#subscription = this.#root.system.inspect({
        next: (event: InspectionEvent) => {
          if (event.type === "@xstate.snapshot") this.#note(event.actorRef as AnyActorRef, event.snapshot as unknown as MachineSnapshot);
          else if (event.type === "@xstate.event" && event.event.type.startsWith("xstate.error.actor.")) this.#noteCrash(event.sourceRef as AnyActorRef | undefined);
        },
      });
    }
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => {
      this.stop();
    }, UNWATCHED_AFTER);
  }

  stop(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#seen.clear();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Actors that live already: their present state counts from its end on, its time is not known. */
  #remember(actor: AnyActorRef): void {
    const snapshot = actor.getSnapshot() as MachineSnapshot & { readonly children?: Readonly<Record<string, AnyActorRef>> };
    if (snapshot.machine !== undefined) this.#seen.set(actor.sessionId, { state: stateText(snapshot.value), since: NaN, snapshot });
    for (const child of Object.values(snapshot.children ?? {})) this.#remember(child);
  }

  #note(actor: AnyActorRef, snapshot: MachineSnapshot): void {
    const machine = snapshot.machine?.id;
    if (machine === undefined) return;
    const before = this.#seen.get(actor.sessionId);
    const state = stateText(snapshot.value);
    const now = this.#clock.now();
    const isNew = before?.state !== state;
    if (before !== undefined && isNew && !Number.isNaN(before.since)) this.#listener.onStep(machine, before.state, now - before.since);
    if (before !== undefined && before.snapshot.context !== snapshot.context) this.#compare(machine, before.snapshot.context, snapshot.context);
    if (snapshot.status === "active") this.#seen.set(actor.sessionId, { state, since: isNew ? now : before.since, snapshot });
    else this.#seen.delete(actor.sessionId);
  }

  /** XState shows no snapshot of an actor that threw; its parent hears of it. */
  #noteCrash(actor: AnyActorRef | undefined): void {
    const seen = actor === undefined ? undefined : this.#seen.get(actor.sessionId);
    const machine = seen?.snapshot.machine?.id;
    if (actor === undefined || machine === undefined) return;
    this.#seen.delete(actor.sessionId);
    this.#listener.onCrash(machine);
  }

  #compare(machine: string, before: MachineSnapshot["context"], after: MachineSnapshot["context"]): void {
    const listener = this.#listener;
    const { record } = after;
    if (record !== undefined && before.record !== undefined) {
      if (record.failures > before.record.failures) {
        listener.onRound(machine, "failed");
        listener.onError(machine, record.lastError?.code ?? 1000);
      }
      if (record.lastSuccess !== before.record.lastSuccess) {
        listener.onRound(machine, "succeeded");
        this.#countFiles(machine, before, after);
      }
    }
    if ((after.refusals ?? 0) > (before.refusals ?? 0)) listener.onRound(machine, "refused");
    const { lastError } = after;
    if (lastError !== undefined && lastError !== null && lastError !== before.lastError) listener.onError(machine, lastError.code);
  }

  /** Files that a round which ended well has moved. */
  #countFiles(machine: string, before: MachineSnapshot["context"], { lastSync, outcome, written }: MachineSnapshot["context"]): void {
    const tell = (figures: Partial<Record<FileAction, number>>): void => {
      for (const [action, count] of Object.entries(figures)) if (count > 0) this.#listener.onFiles(machine, action as FileAction, count);
    };
    if (machine === "integrityApply" && outcome !== null && outcome !== undefined) {
      const { created, overwritten, deleted, problems } = outcome as ApplyOutcome;
      tell({ created, overwritten, deleted, failed: problems });
    } else if (machine === "integritySync" && lastSync?.counts !== undefined && lastSync !== before.lastSync) {
      const { missing, shared, extra } = lastSync.counts;
      tell({ created: missing, overwritten: shared, deleted: extra });
    } else if (machine === "extraValidSync") {
      tell({ groupsWritten: written ?? 0 });
    }
  }
}
