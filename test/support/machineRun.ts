import { createActor, setup } from "xstate";
import type { ActorRefFrom, AnyActorRef, AnyEventObject, AnyMachineSnapshot, AnyStateMachine, EventFrom, InputFrom } from "xstate";
import type { Answer, MachineClock } from "../../machines/process.js";
import { checkRules, RequestLedger } from "./machineRules.js";
import { changedLines, contextLines, eventText, membersText, stateText, valueText } from "./machineText.js";
import { MachineTime } from "./machineTime.js";
import { FAKE_CRASH, instrument, type AskedWork, type MachineProbe } from "./machineProbe.js";

/** What one scripted event did to a machine. */
export interface MachineStep {
  readonly event: string;
  readonly state: string;
  /** What changed in the public context; the whole of it in the first step. */
  readonly context?: readonly string[];
  /** Child machines whose state changed. */
  readonly children?: readonly string[];
  /** Actions, work asked for and cancelled, events to the parent: in their order. */
  readonly effects?: readonly string[];
}

export interface MachineRunOptions<Machine extends AnyStateMachine> {
  readonly input: (clock: MachineClock) => InputFrom<Machine>;
  /** Whether child machines run or are stood in for. @default "real" */
  readonly children?: "real" | "fake";
}

type Snapshot = AnyMachineSnapshot;

/**
 * A machine in the hands of a test: its work is settled by the test, its time is moved by the test, and
 * what each event did is kept. After every event the rules of all machines are checked (`machineRules`).
 */
export class MachineRun<Machine extends AnyStateMachine> {
  readonly time = new MachineTime();
  /** The instrumented machine, whose state nodes and transitions `taken` speaks of. */
  readonly machine: AnyStateMachine;
  readonly steps: MachineStep[] = [];
  /** Work that was asked for, settled and cancelled included. */
  readonly asked: AskedWork[] = [];
  /** Events that the machine sent to its parent. */
  readonly told: { readonly type: string }[] = [];
  readonly answers: Answer[] = [];
  /** Ids of all state nodes that the machine was in. */
  readonly visited = new Set<string>();
  /** Transitions that the machine took, by `transitionKey`. */
  readonly taken = new Set<string>();
  readonly #subject: ActorRefFrom<AnyStateMachine>;
  readonly #input: object;
  readonly #ledger = new RequestLedger();
  /** Actor id and action name, joined by a space, of the actions that throw. */
  readonly #broken = new Map<string, unknown>();
  #shownFrom = 1;
  #effects: string[] = [];
  #context: ReadonlyMap<string, string> = new Map();
  #children: ReadonlyMap<string, string> = new Map();

  private constructor(machine: AnyStateMachine, options: MachineRunOptions<Machine>) {
    this.machine = instrument(machine, this.#probe(), options.children ?? "real");
    this.#input = options.input(this.time);
    const parent = setup({ actors: { subject: this.machine } }).createMachine({
      invoke: { src: "subject", id: machine.id, input: this.#input },
      on: {
        "*": {
          actions: ({ event }) => {
            this.#hear(event);
          },
        },
      },
    });
    const root = createActor(parent, {
      clock: this.time,
      inspect: (inspected) => {
        if (inspected.type !== "@xstate.microstep") return;
        if ((inspected.actorRef as AnyActorRef).id !== machine.id) return;
        for (const node of (inspected.snapshot as Snapshot)._nodes) this.visited.add(node.id);
        for (const transition of inspected._transitions) this.taken.add(transitionKey(transition));
      },
    });
    root.start();
    this.#subject = root.getSnapshot().children[machine.id] as ActorRefFrom<AnyStateMachine>;
    // A state that it begins in and stays in is no microstep.
    for (const node of this.snapshot._nodes) this.visited.add(node.id);
  }

  /** Starts a machine; its first step is `start`. */
  static start<Machine extends AnyStateMachine>(
    machine: Machine,
    options: MachineRunOptions<Machine>,
  ): MachineRun<Machine> {
    const run = new MachineRun<Machine>(machine, options);
    run.#close("start", "");
    return run;
  }

  get snapshot(): Snapshot {
    return this.#subject.getSnapshot() as Snapshot;
  }

  /** The state on one line. */
  get state(): string {
    return stateText(this.snapshot.value);
  }

  get context(): Readonly<Record<string, unknown>> {
    return this.snapshot.context as Readonly<Record<string, unknown>>;
  }

  /** Work that waits for its end. */
  get open(): readonly AskedWork[] {
    return this.asked.filter((work) => !work.isSettled && !work.signal.aborted);
  }

  /** The steps after the start as text, for a snapshot; `forget` leaves out what came before it. */
  get script(): string {
    return scriptText(this.steps.slice(this.#shownFrom));
  }

  /** What led here is another test's: `script` shows what comes from now on. */
  forget(): this {
    this.#shownFrom = this.steps.length;
    return this;
  }

  /** The first step as text: the context with which the machine starts, and what it does at once. */
  get beginning(): string {
    return scriptText(this.steps.slice(0, 1));
  }

  /** Sends an event from outside. */
  async send(event: EventFrom<Machine>): Promise<this> {
    return this.#step(eventText(event), () => {
      this.#ledger.expect(event);
      this.#subject.send(event);
    });
  }

  /** Sends an event to a child machine, as its own surroundings would. */
  async sendTo(child: string, event: AnyEventObject): Promise<this> {
    return this.#step(`${child}: ${eventText(event)}`, () => {
      this.#ledger.expect(event);
      this.child(child).send(event);
    });
  }

  /** Ends a piece of work well. `name` is `work`, or `owner/work` where several actors run the same. */
  async resolve(name: string, output?: unknown): Promise<this> {
    const said = output === undefined ? "" : ` ${valueText(output)}`;
    return this.#step(`${name} is done${said}`, () => {
      this.#find(name).resolve(output);
    });
  }

  /** Ends a piece of work with an error. */
  async reject(name: string, error: unknown = new Error(`${name} failed`)): Promise<this> {
    return this.#step(`${name} fails ${valueText(error)}`, () => {
      this.#find(name).reject(error);
    });
  }

  /** Lets time pass. */
  async advance(milliseconds: number): Promise<this> {
    return this.#step(`${String(milliseconds / 1000)} s pass`, () => {
      this.time.advance(milliseconds);
    });
  }

  /** Lets time pass until the next timer fires. */
  async nextTimer(): Promise<this> {
    const wait = this.time.untilNextTimer;
    if (wait === null) throw new Error(`no timer runs in ${this.state}`);
    return this.advance(wait);
  }

  /** Lets the stand-in for a child machine crash. */
  async crash(child: string, error: unknown = new Error("broken")): Promise<this> {
    return this.#step(`${child} crashes`, () => {
      this.child(child).send({ type: FAKE_CRASH, error });
    });
  }

  /** From here on, this action of this actor throws: the unexpected throw of actors.md. */
  breakAction(actorId: string, action: string, error: unknown = new Error(`${action} is broken`)): this {
    this.#broken.set(`${actorId} ${action}`, error);
    return this;
  }

  mendAction(actorId: string, action: string): this {
    this.#broken.delete(`${actorId} ${action}`);
    return this;
  }

  /** A child actor of the machine; `path` may lead to a child's child: `peer-1/integritySync`. */
  child(path: string): AnyActorRef {
    let actor: AnyActorRef = this.#subject;
    for (const id of path.split("/")) {
      const next = (actor.getSnapshot() as Snapshot).children[id];
      if (next === undefined) throw new Error(`no child ${path} in ${this.state}`);
      actor = next;
    }
    return actor;
  }

  /** State of a child machine, or undefined when it does not run. */
  childState(path: string): string | undefined {
    return this.#children.get(path);
  }

  /** Child machines that run, by path. */
  get childStates(): ReadonlyMap<string, string> {
    return this.#children;
  }

  async #step(event: string, act: () => void): Promise<this> {
    const before = this.state;
    act();
    await settled();
    this.#close(event, before);
    return this;
  }

  #close(event: string, before: string): void {
    const { status, context } = this.snapshot;
    const after = contextLines(context as object, this.#input);
    const children = this.#machineChildren();
    const changes = changedLines(this.#context, after);
    const childChanges = [
      ...[...children].flatMap(([id, state]) => (this.#children.get(id) === state ? [] : [`${id}: ${state}`])),
      ...[...this.#children.keys()].filter((id) => !children.has(id)).map((id) => `${id}: stopped`),
    ];
    this.steps.push({
      event,
      state: status === "active" ? this.state : `${this.state} (${status})`,
      ...(changes.length === 0 ? {} : { context: changes }),
      ...(childChanges.length === 0 ? {} : { children: childChanges }),
      ...(this.#effects.length === 0 ? {} : { effects: this.#effects }),
    });
    this.#effects = [];
    this.#context = after;
    this.#children = children;
    checkRules({ event, before, subject: this.#subject, asked: this.asked, ledger: this.#ledger });
  }

  #probe(): MachineProbe {
    return {
      onEffect: (actor, name, params) => {
        if (this.#broken.has(`${actor.id} ${name}`)) throw this.#broken.get(`${actor.id} ${name}`);
        const members = typeof params === "object" && params !== null ? ` ${membersText(params)}` : "";
        this.#effects.push(`${this.#speaker(actor)}${name}${members}`);
        if (name !== "answer") return;
        const state = actor === this.#subject ? undefined : (actor.getSnapshot() as Snapshot).value;
        this.answers.push(params as Answer);
        this.#ledger.answered(params as Answer, state);
      },
      onAsked: (work) => {
        const speaker = this.#speaker(work.owner);
        const input = membersText((work.input ?? {}));
        this.asked.push(work);
        this.#effects.push(`${speaker}asks ${work.name}${input === "" ? "" : ` ${input}`}`);
        work.signal.addEventListener("abort", () => {
          if (!work.isSettled) this.#effects.push(`${speaker}cancels ${work.name}`);
        });
      },
      onFakeChild: (actor, event) => {
        if (event === "started" || event.type === "xstate.stop") return;
        this.#ledger.forwarded(event);
        this.#effects.push(`to ${actor.id}: ${eventText(event)}`);
      },
    };
  }

  #hear(event: { readonly type: string; readonly error?: unknown }): void {
    this.told.push(event);
    if (event.type.startsWith("xstate.done.actor.")) this.#effects.push("ends");
    else if (event.type.startsWith("xstate.error.actor.")) this.#effects.push(`crashes ${valueText(event.error)}`);
    else this.#effects.push(`tells ${eventText(event)}`);
  }

  /** Empty for the machine itself, its path for a child. */
  #speaker(actor: AnyActorRef): string {
    const path: string[] = [];
    for (let at: AnyActorRef | undefined = actor; at !== undefined && at.id !== this.machine.id; at = at._parent) {
      path.unshift(at.id);
    }
    return path.length === 0 ? "" : `${path.join("/")}: `;
  }

  #find(name: string): AskedWork {
    const [work, owner] = name.split("/").reverse();
    const found = this.open.find((one) => one.name === work && (owner === undefined || one.owner.id === owner));
    if (found !== undefined) return found;
    const open = this.open.map((one) => `${one.owner.id}/${one.name}`).join(", ");
    throw new Error(`${name} was not asked for in ${this.state}; open: ${open === "" ? "none" : open}`);
  }

  #machineChildren(): Map<string, string> {
    const states = new Map<string, string>();
    const visit = (snapshot: Snapshot, prefix: string): void => {
      for (const [id, actor] of Object.entries(snapshot.children)) {
        const inner = (actor as AnyActorRef).getSnapshot() as { status: string; value?: unknown; children?: unknown };
        if (inner.status !== "active") continue;
        if ("value" in inner) {
          states.set(`${prefix}${id}`, stateText(inner.value));
          visit(inner as Snapshot, `${prefix}${id}/`);
        } else if (!this.asked.some((work) => work.actor === actor)) states.set(`${prefix}${id}`, "stood in for");
      }
    };
    visit(this.snapshot, "");
    return states;
  }
}

/** One block for each step: the event and the state after it, then what changed and what was asked for. */
function scriptText(steps: readonly MachineStep[]): string {
  const lines = steps.flatMap(({ event, state, context = [], children = [], effects = [] }) => [
    `${event} => ${state}`,
    ...context.map((line) => `    context  ${line}`),
    ...children.map((line) => `    child    ${line}`),
    ...effects.map((line) => `    effect   ${line}`),
  ]);
  return `\n${lines.join("\n")}\n`;
}

interface Transition {
  readonly source: { readonly id: string; readonly transitions: Map<string, readonly unknown[]> };
  readonly eventType: string;
}

/** A transition of a machine by name: state node, event, number among those of the same event. */
export function transitionKey(transition: Transition): string {
  const alternatives = transition.source.transitions.get(transition.eventType) ?? [];
  const number = alternatives.length < 2 ? "" : ` (${String(alternatives.indexOf(transition) + 1)})`;
  return `${transition.source.id} ${transition.eventType === "" ? "always" : transition.eventType}${number}`;
}

/** Lets everything that promises have to say be said. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}
