import type { AnyActorRef } from "xstate";
import { stateText } from "../../src/node/stateText.js";
import { waitUntil } from "./waitUntil.js";

/** Distinct rounds of each process in the order of their first appearance: `receivingFile → unpacking → …`. */
export type Rounds = Readonly<Record<string, readonly string[]>>;

interface MachineSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly machine?: { readonly id: string; readonly states: Readonly<Record<string, unknown>> };
}

/** A process here is at rest, or asks its peer whether it may begin; a worker does so for ever, by its own clock. */
const BEFORE_A_ROUND = new Set(["free", "indexing", "awaitingPermission"]);
/** The master's verdict can stand in the same packet as its answer before, and then finds the worker one state earlier. */
const PASSING = "awaitingVerdict.undecided";

/**
 * Records the rounds of a node's processes, without times and ids, so that two runs of one recording give the same.
 * Left out: rounds that were not permitted (their number is the clock's) and one that did not come to its end.
 */
export class RoundRecorder {
  readonly #open = new Map<string, { readonly states: string[] }>();
  readonly #rounds = new Map<string, Set<string>>();

  /** @param root the node's root actor; processes that it starts from now on are recorded */
  constructor(root: AnyActorRef) {
    root.system.inspect({
      next: (event) => {
        if (event.type === "@xstate.snapshot") this.#note((event.actorRef as AnyActorRef).sessionId, event.snapshot);
      },
    });
  }

  /** The rounds so far, once no process is within one. */
  async settled(): Promise<Rounds> {
    await waitUntil(
      () => [...this.#open.values()].every(({ states }) => states.every((state) => BEFORE_A_ROUND.has(state))),
      20_000,
      "the end of every process's round",
    );
    return Object.fromEntries([...this.#rounds].sort(([one], [other]) => (one < other ? -1 : 1)).map(([machine, rounds]) => [machine, [...rounds]]));
  }

  #note(actor: string, { machine, value, status }: MachineSnapshot): void {
    if (machine === undefined || !("free" in machine.states)) return;
    const state = stateText(value);
    const states = this.#open.get(actor)?.states ?? [];
    if (status !== "active" || state === "free") {
      this.#open.delete(actor);
      if (states.some((passed) => !BEFORE_A_ROUND.has(passed))) {
        const rounds = this.#rounds.get(machine.id) ?? new Set<string>();
        this.#rounds.set(machine.id, rounds.add(states.join(" → ")));
      }
      return;
    }
    if (states.at(-1) !== state && state !== PASSING) states.push(state);
    this.#open.set(actor, { states });
  }
}
