import type { AnyStateMachine } from "xstate";
import { toDirectedGraph, type DirectedGraphNode } from "xstate/graph";

/** A state chart as text: each state node, indented by its depth, with its edges. */
export function structureText(machine: AnyStateMachine): string {
  const lines = (node: DirectedGraphNode, depth: number): string[] => [
    `${"  ".repeat(depth)}${node.id}`,
    ...node.edges.map((edge) => `${"  ".repeat(depth)}  ${edge.label.text} -> ${edge.target.id}`),
    ...node.children.flatMap((child) => lines(child, depth + 1)),
  ];
  return `\n${lines(toDirectedGraph(machine), 0).join("\n")}\n`;
}
