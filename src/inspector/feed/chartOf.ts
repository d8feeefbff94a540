import type { AnyStateMachine, AnyStateNode } from "xstate";
import type { ChartEdge, ChartView } from "../page/wire.js";
import { eventLabel } from "./eventLabel.js";

/** A machine's state chart, read from the machine itself. */
export function chartOf(machine: AnyStateMachine): ChartView {
  const { root } = machine;
  const leaves = leavesBelow(root);
  const edges = new Map<string, { from: string; to: string; labels: string[]; failure: boolean }>();
  for (const leaf of leaves) {
    for (let node: AnyStateNode | undefined = leaf; node !== undefined && node !== root; node = node.parent) {
      for (const { label, to, failure } of transitionsOf(node)) {
        if (to === null) continue;
        const id = `${nameOf(leaf)} ${to}`;
        const edge = edges.get(id) ?? { from: nameOf(leaf), to, labels: [], failure: true };
        if (!edge.labels.includes(label)) edge.labels.push(label);
        edge.failure &&= failure;
        edges.set(id, edge);
      }
    }
  }
  const anywhere = transitionsOf(root).map(({ label, to }) => ({ label, to }));
  return {
    machine: machine.id,
    initial: nameOf(entryOf(root)),
    states: leaves.map((leaf) => ({ name: nameOf(leaf), final: leaf.type === "final" })),
    edges: [...edges.values()].map(
      ({ failure, ...edge }): ChartEdge => ({ ...edge, kind: failure ? "failure" : "event" }),
    ),
    anywhere: anywhere.filter(({ label, to }, at) => anywhere.findIndex((one) => one.label === label && one.to === to) === at),
  };
}

interface TransitionEnd {
  readonly label: string;
  /** Null for one that changes no state. */
  readonly to: string | null;
  readonly failure: boolean;
}

function transitionsOf(node: AnyStateNode): TransitionEnd[] {
  const work = new Map(node.invoke.map(({ id, src }) => [id, typeof src === "string" ? src : id]));
  const found: TransitionEnd[] = [];
  const take = (type: string, label: string, target: readonly AnyStateNode[] | undefined): void => {
    const [first] = target ?? [];
    const failure = type.startsWith("xstate.error.") || type.startsWith("xstate.after.");
    found.push({ label, to: first === undefined ? null : nameOf(entryOf(first)), failure });
  };
  for (const [type, transitions] of node.transitions) {
    const id = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(type)?.[1];
    const source = id === undefined ? undefined : work.get(id);
    const label = source === undefined ? eventLabel(type) : `${source} ${type.startsWith("xstate.done") ? "done" : "failed"}`;
    for (const transition of transitions) take(type, label, transition.target as readonly AnyStateNode[] | undefined);
  }
  for (const transition of node.always ?? []) take("", "at once", transition.target as readonly AnyStateNode[] | undefined);
  return found;
}

function leavesBelow(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states) as AnyStateNode[];
  return children.length === 0 ? [node] : children.flatMap(leavesBelow);
}

/** The leaf that is entered with a state. */
function entryOf(node: AnyStateNode): AnyStateNode {
  const children = Object.values(node.states) as AnyStateNode[];
  if (children.length === 0) return node;
  const [first] = node.initial.target as readonly AnyStateNode[];
  return entryOf(first ?? children[0] ?? node);
}

/** As `stateText` writes a state value. */
function nameOf(node: AnyStateNode): string {
  return node.path.join(".");
}
