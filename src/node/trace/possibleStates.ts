import type { AnyStateMachine } from "xstate";
import { stateText } from "../stateText.js";

type StateNode = AnyStateMachine["root"];
type Transition = StateNode["always"] extends readonly (infer Each)[] | undefined ? Each : never;

/** The state in which an actor of this machine begins, as text. */
export function initialState(machine: AnyStateMachine): string {
  return enter(machine.root, machine.root);
}

/** The states in which a machine may be after an event that it takes in this state, as text; guards may go either way. */
export function possibleStates(machine: AnyStateMachine, state: string, event: string): readonly string[] {
  const leaf = nodeOf(machine, state);
  if (leaf === undefined) return [];
  const possible = new Set<string>();
  for (let node: StateNode | undefined = leaf; node !== undefined; node = node.parent) {
    // Without an event of its own: whatever the event is, it led to the microstep before.
    for (const transition of (node.always ?? []) as readonly Transition[]) for (const target of targetsOf(machine, transition)) possible.add(target);
  }
  for (let node: StateNode | undefined = leaf; node !== undefined; node = node.parent) {
    for (const transition of candidates(node, event)) {
      const targets = targetsOf(machine, transition);
      if (targets.length === 0) possible.add(state);
      for (const target of targets) possible.add(target);
      // One that has no guard is always taken: what stands behind it, and further out, is never reached.
      if (transition.guard === undefined) return [...possible];
    }
  }
  return [...possible];
}

/** Has this machine a state of this name? */
export function hasState(machine: AnyStateMachine, state: string): boolean {
  return nodeOf(machine, state) !== undefined;
}

/** What the machine asked for, or waits for, in an event that XState made: `indexFiles is done`; other events by their type. */
export function eventName(machine: AnyStateMachine, event: string): string {
  const [, kind, rest] = /^xstate\.(done\.actor|error\.actor|after)\.(.*)$/.exec(event) ?? [];
  if (kind === undefined || rest === undefined) return event === "xstate.init" ? "start" : event;
  if (kind === "after") return `after ${rest.split(`.${machine.id}.`)[0] ?? rest}`;
  const [, index, path] = new RegExp(`^(\\d+)\\.${machine.id}\\.(.*)$`).exec(rest) ?? [];
  const invoked = path === undefined ? undefined : nodeOf(machine, path)?.invoke[Number(index)]?.src;
  return `${typeof invoked === "string" ? invoked : rest} ${kind === "done.actor" ? "is done" : "failed"}`;
}

function nodeOf(machine: AnyStateMachine, state: string): StateNode | undefined {
  let node: StateNode | undefined = machine.root;
  for (const key of state.split(".")) {
    node = Object.hasOwn(node.states, key) ? (node.states[key] as StateNode) : undefined;
    if (node === undefined) return undefined;
  }
  return node;
}

/** Transitions of one state node for an event, in the order in which XState tries them: exact, then the longest wildcard. */
function candidates(node: StateNode, event: string): readonly Transition[] {
  const transitions = node.transitions as unknown as ReadonlyMap<string, readonly Transition[]>;
  const exact = transitions.get(event) ?? [];
  const wildcards = [...transitions.keys()]
    .filter((descriptor) => descriptor !== event && matches(descriptor, event))
    .sort((one, other) => other.length - one.length)
    .flatMap((descriptor) => transitions.get(descriptor) ?? []);
  return [...exact, ...wildcards];
}

/** `*` matches every event, `a.b.*` those that begin with `a.b`. */
function matches(descriptor: string, event: string): boolean {
  if (descriptor === "*") return true;
  if (!descriptor.endsWith(".*")) return false;
  const prefix = descriptor.slice(0, -2);
  return event === prefix || event.startsWith(`${prefix}.`);
}

function targetsOf(machine: AnyStateMachine, transition: Transition): string[] {
  return (transition.target ?? []).map((target) => enter(machine.root, target));
}

/** The text of the state that is entered with a node: down to the initial states within. */
function enter(root: StateNode, node: StateNode): string {
  const path = [...node.path];
  for (let inner = node; Object.keys(inner.states).length > 0;) {
    const initial = inner.initial.target[0];
    if (initial === undefined) break;
    path.push(initial.key);
    inner = initial;
  }
  return stateText(path.reduceRight<unknown>((value, key) => (value === undefined ? key : { [key]: value }), undefined));
}
