import type { AnyStateMachine } from "xstate";
import { eventName, hasState, initialState, possibleStates } from "./possibleStates.js";
import type { TraceLine } from "./TraceLine.js";

interface KnownActor {
  readonly machine: string;
  /** Undefined after a gap: its state is what its next line says. */
  readonly state: string | undefined;
}

/** Actors that have ended are forgotten beyond this many: only a trace that is no trace names one of them again. */
const REMEMBERED_ENDS = 10_000;

/** Compares a trace, line after line, with what the machines' charts allow. */
export class TraceCheck {
  readonly #machines: ReadonlyMap<string, AnyStateMachine>;
  readonly #actors = new Map<string, KnownActor>();
  readonly #ended = new Set<string>();
  #hadGap = false;

  constructor(machines: readonly AnyStateMachine[]) {
    this.#machines = new Map(machines.map((machine) => [machine.id, machine]));
  }

  /** What is wrong with a line, given the lines before it; undefined when its change of state is possible. */
  judge(line: TraceLine): string | undefined {
    const { machine: name, actor, state, event } = line;
    const machine = this.#machines.get(name);
    if (machine === undefined) return `there is no machine ${name}`;
    const known = this.#actors.get(actor);
    const wasEnded = this.#ended.has(actor);
    this.#remember(machine, line);
    if (!hasState(machine, state)) return `${name} has no state ${state}`;
    if (wasEnded) return `${name} (${actor}) had ended, and can't come to ${state}`;
    if (known !== undefined && known.machine !== name) return `the actor ${actor} was a ${known.machine}, and is a ${name} now`;
    if (line.from === undefined) return this.#judgeBeginning(machine, line, known);
    if (known?.state !== undefined && known.state !== line.from) {
      return `${name} (${actor}) was in ${known.state}, and can't leave ${line.from}`;
    }
    if (known === undefined && !this.#hadGap) return `${name} (${actor}) leaves ${line.from}, but never began`;
    if (!hasState(machine, line.from)) return `${name} has no state ${line.from}`;
    const possible = possibleStates(machine, line.from, event);
    if (possible.includes(state)) return undefined;
    const instead = possible.length === 0 ? "it takes no such event there" : `it could come to ${possible.join(" or ")}`;
    return `${name} can't go from ${line.from} to ${state} on ${eventName(machine, event)}: ${instead}`;
  }

  /** Lines are missing here: what comes next is not held against what was before. */
  gap(): void {
    this.#hadGap = true;
    for (const [actor, { machine }] of this.#actors) this.#actors.set(actor, { machine, state: undefined });
  }

  #judgeBeginning(machine: AnyStateMachine, { actor, state }: TraceLine, known: KnownActor | undefined): string | undefined {
    if (known !== undefined && !this.#hadGap) return `${machine.id} (${actor}) begins a second time`;
    const first = initialState(machine);
    return state === first || this.#hadGap ? undefined : `${machine.id} begins in ${first}, not in ${state}`;
  }

  #remember(machine: AnyStateMachine, { actor, state }: TraceLine): void {
    if (machine.root.states[state]?.type !== "final") {
      this.#actors.set(actor, { machine: machine.id, state });
      return;
    }
    this.#actors.delete(actor);
    this.#ended.add(actor);
    if (this.#ended.size <= REMEMBERED_ENDS) return;
    const [oldest] = this.#ended;
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}
