import type { AnyStateMachine, EventFrom, StateNode } from "xstate";
import { transitionKey, type MachineRun } from "./machineRun.js";
import { eventText, valueText } from "./machineText.js";

export interface WalkOptions<Machine extends AnyStateMachine> {
  readonly start: () => MachineRun<Machine>;
  /** Everything that the surroundings can send. Request ids are given anew for each sending. */
  readonly events: readonly EventFrom<Machine>[];
  /** Work → the outputs with which it can end well. Each work can also fail. */
  readonly outcomes?: Readonly<Record<string, readonly unknown[]>>;
  /** Stood-in child machines that can crash. @default [] */
  readonly crashing?: readonly string[];
  /** What else can happen in a situation, besides events, ends of work, crashes and the next timer. */
  readonly more?: (run: MachineRun<Machine>) => readonly Move<Machine>[];
  /** What of a context tells two situations apart, besides state value and open work. @default nothing */
  readonly outline?: (context: Readonly<Record<string, unknown>>) => unknown;
  /** A walk that finds more situations than this was given events that tell too much apart. @default 2000 */
  readonly limit?: number;
}

/** One thing that can happen to a machine in some situation. */
export interface Move<Machine extends AnyStateMachine> {
  readonly name: string;
  readonly make: (run: MachineRun<Machine>) => Promise<unknown>;
}

export type Path<Machine extends AnyStateMachine> = readonly Move<Machine>[];

export interface WalkResult<Machine extends AnyStateMachine> {
  /** A shortest path to each situation that was found. */
  readonly paths: readonly Path<Machine>[];
  /** State nodes that no path enters. */
  readonly unvisited: readonly string[];
  /** Transitions of the chart that no path takes. */
  readonly untaken: readonly string[];
}

/**
 * Explores a machine breadth first: in every situation (state, outline of the context, work that is
 * open) it tries every event, every end of every open work, and the next timer. The run itself checks the
 * rules of all machines after every move.
 */
export async function walk<Machine extends AnyStateMachine>(
  options: WalkOptions<Machine>,
): Promise<WalkResult<Machine>> {
  const { limit = 2000 } = options;
  const first = options.start();
  const visited = new Set(first.visited);
  const taken = new Set(first.taken);
  const found = new Map<string, Path<Machine>>([[situation(first, options), []]]);
  for (const path of found.values()) {
    const { run } = await replay(options.start, path);
    for (const move of movesOf(run, options)) {
      const { run: next } = await replay(options.start, [...path, move]);
      for (const id of next.visited) visited.add(id);
      for (const key of next.taken) taken.add(key);
      const where = situation(next, options);
      if (!found.has(where)) found.set(where, [...path, move]);
      if (found.size > limit) throw new Error(`more than ${String(limit)} situations; one of the last: ${where}`);
    }
  }
  const nodes = nodesOf(first.machine);
  return {
    paths: [...found.values()],
    unvisited: nodes.map((node) => node.id).filter((id) => !visited.has(id)),
    untaken: nodes.flatMap(transitionsOf).filter((key) => !taken.has(key)),
  };
}

/** A fresh machine that has gone this way. */
export async function replay<Machine extends AnyStateMachine>(
  start: () => MachineRun<Machine>,
  path: Path<Machine>,
): Promise<{ readonly run: MachineRun<Machine> }> {
  const run = start();
  for (const [index, move] of path.entries()) {
    try {
      await move.make(run);
    } catch (error) {
      const way = path.slice(0, index + 1).map(({ name }) => name);
      throw new Error(`On the way ${way.join(" / ")}: ${String(error)}`, { cause: error });
    }
  }
  // A thenable would be awaited: the run is handed over inside an object.
  return { run };
}

/** Everything that can happen to a machine where it is now. */
export function movesOf<Machine extends AnyStateMachine>(
  run: MachineRun<Machine>,
  { events, outcomes = {}, crashing = [], more }: WalkOptions<Machine>,
): Move<Machine>[] {
  if (run.snapshot.status !== "active") return [];
  const moves: Move<Machine>[] = events.map((event) => ({
    name: eventText(event),
    make: (next) => next.send(numbered(event, next.steps.length)),
  }));
  for (const { name, owner } of run.open) {
    const work = `${owner.id}/${name}`;
    for (const output of outcomes[name] ?? [undefined]) {
      moves.push({ name: `${work} is done ${valueText(output)}`, make: (next) => next.resolve(work, output) });
    }
    moves.push({ name: `${work} fails`, make: (next) => next.reject(work) });
  }
  for (const child of crashing) {
    if (run.childState(child) !== undefined) {
      moves.push({ name: `${child} crashes`, make: (next) => next.crash(child) });
    }
  }
  moves.push(...(more?.(run) ?? []));
  if (run.time.untilNextTimer !== null) moves.push({ name: "the next timer", make: (next) => next.nextTimer() });
  return moves;
}

/** The event with its request id, at whatever depth, replaced by `requestId`. */
export function numbered<Event extends { readonly type: string }>(event: Event, requestId: number): Event {
  if ("requestId" in event) return { ...event, requestId };
  if ("event" in event) return { ...event, event: numbered(event.event as Event, requestId) };
  return event;
}

function situation<Machine extends AnyStateMachine>(
  run: MachineRun<Machine>,
  options: WalkOptions<Machine>,
): string {
  const { status, context } = run.snapshot;
  return JSON.stringify([
    status,
    run.state,
    options.outline?.(context as Readonly<Record<string, unknown>>),
    run.open.map((work) => `${work.owner.id}/${work.name}`),
    [...run.childStates],
  ]);
}

type AnyNode = StateNode;

function nodesOf(machine: AnyStateMachine): AnyNode[] {
  const collect = (node: AnyNode): AnyNode[] => [node, ...Object.values(node.states).flatMap(collect)];
  return collect(machine.root);
}

function transitionsOf(node: AnyNode): string[] {
  const all = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  return all.map((transition) => transitionKey(transition as unknown as Parameters<typeof transitionKey>[0]));
}
