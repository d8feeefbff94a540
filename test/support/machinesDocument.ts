import { readFileSync } from "node:fs";
import type { AnyStateMachine } from "xstate";
import { eventName, initialState } from "../../src/node/trace/possibleStates.js";

type StateNode = AnyStateMachine["root"];

interface Edge {
  readonly event: string;
  readonly guard: string;
  /** Path of the state that it leads to; undefined when the machine stays where it is. */
  readonly target: string | undefined;
}

/** docs/machines.md: what each machine is for, its chart, and what happens in each of its states. */
export function machinesDocument(machines: readonly AnyStateMachine[]): string {
  const contents = machines.map(({ id }) => `[${id}](#${id.toLowerCase()})`).join(" · ");
  return `# The machines

Generated from \`machines/\` by \`npm run docs:machines\`; \`npm test\` checks that it is current. The names of the
states are part of the interface: the inspector, the trace, the metrics, the health report and the logs use them.

${contents}

A chart leaves out events that change no state; the table below it has them. "In any state" holds where the
state itself does not say otherwise. \`[…]\` is a condition: by its name, or \`[if]\` where the machine has it in place.

${machines.map(machineSection).join("\n")}`;
}

function machineSection(machine: AnyStateMachine): string {
  const states = statesOf(machine.root);
  const rows = [machine.root, ...states].map((node) => row(machine, node)).filter((text) => text !== undefined);
  const asked = Object.keys(machine.implementations.actors ?? {});
  const delays = Object.keys(machine.implementations.delays ?? {});
  return `## ${machine.id}

${purposeOf(machine.id)}

\`\`\`mermaid
${diagram(machine)}
\`\`\`

${asked.length === 0 ? "" : `* Asks for: ${list(asked)}\n`}${delays.length === 0 ? "" : `* Delays: ${list(delays)}\n`}
| state | while in it | on | goes to |
|---|---|---|---|
${rows.join("\n")}
`;
}

/** The comment of the machine's source above its definition. */
function purposeOf(id: string): string {
  const source = readFileSync(new URL(`../../machines/${id}.ts`, import.meta.url), "utf8");
  const [, comment = ""] = new RegExp(`/\\*\\*((?:[^*]|\\*(?!/))*)\\*/\\nexport const ${id} = setup`).exec(source) ?? [];
  const text = comment.replace(/\s*\n\s*\*\s*/g, " ").trim();
  if (text === "") throw new Error(`machines/${id}.ts has no comment above its machine`);
  return text;
}

function diagram(machine: AnyStateMachine): string {
  const lines = ["stateDiagram-v2", `  [*] --> ${mermaidId(initialState(machine).split(".")[0] ?? "")}`];
  const compound = (node: StateNode, indent: string): string[] => {
    const inner = Object.values<StateNode>(node.states);
    if (inner.length === 0) return [];
    const initial = inner.find(({ id }) => id === (node.initial.target[0])?.id);
    return [
      `${indent}state ${mermaidId(pathOf(node))} {`,
      `${indent}  [*] --> ${mermaidId(initial === undefined ? "" : pathOf(initial))}`,
      ...inner.flatMap((child) => [`${indent}  ${mermaidId(pathOf(child))}`, ...compound(child, `${indent}  `)]),
      `${indent}}`,
    ];
  };
  const top = Object.values<StateNode>(machine.root.states);
  for (const node of top) lines.push(...compound(node, "  "));
  if (edgesOf(machine, machine.root).some(({ target }) => target !== undefined)) lines.push('  state "in any state" as any_state');
  for (const node of [machine.root, ...statesOf(machine.root)]) {
    const source = node.path.length === 0 ? "any_state" : mermaidId(pathOf(node));
    const labels = new Map<string, string[]>();
    for (const { event, guard, target } of edgesOf(machine, node)) {
      if (target === undefined) continue;
      labels.set(target, [...(labels.get(target) ?? []), `${event}${guard}`]);
    }
    for (const [target, events] of labels) lines.push(`  ${source} --> ${mermaidId(target)}: ${[...new Set(events)].join(" / ")}`);
    if (node.type === "final") lines.push(`  ${source} --> [*]`);
  }
  return lines.join("\n");
}

function row(machine: AnyStateMachine, node: StateNode): string | undefined {
  const edges = edgesOf(machine, node);
  const invoked = node.invoke.map(({ src }) => `runs ${code(typeof src === "string" ? src : node.key)}`);
  const name = node.path.length === 0 ? "*in any state*" : code(pathOf(node));
  if (edges.length === 0 && invoked.length === 0) return node.path.length === 0 ? undefined : `| ${name} | ${node.type === "final" ? "the end" : ""} | | |`;
  const on = edges.map(({ event, guard }) => `${event}${guard}`).join("<br>");
  const to = edges.map(({ target }) => (target === undefined ? "stays" : code(target))).join("<br>");
  return `| ${name} | ${invoked.join("<br>")} | ${on} | ${to} |`;
}

function edgesOf(machine: AnyStateMachine, node: StateNode): Edge[] {
  const transitions = [...(node.transitions as ReadonlyMap<string, readonly TransitionLike[]>)];
  const always = ((node.always ?? []) as unknown as readonly TransitionLike[]).map((transition) => edge("at once", transition));
  return [
    ...always,
    ...transitions.flatMap(([descriptor, all]) => all.map((transition) => edge(eventName(machine, descriptor), transition))),
  ];
}

interface TransitionLike {
  readonly target?: readonly StateNode[] | undefined;
  readonly guard?: unknown;
}

function edge(event: string, { target, guard }: TransitionLike): Edge {
  const condition = typeof guard === "string" ? guard : typeof guard === "object" && guard !== null && "type" in guard ? String(guard.type) : "if";
  return {
    event: event.replace(/^\* is done$/, "any child is done").replace(/^\* failed$/, "any child failed"),
    guard: guard === undefined ? "" : ` [${condition}]`,
    target: target?.[0] === undefined ? undefined : pathOf(target[0]),
  };
}

function statesOf(node: StateNode): StateNode[] {
  return Object.values<StateNode>(node.states).flatMap((child) => [child, ...statesOf(child)]);
}

const pathOf = (node: StateNode): string => node.path.join(".");
const mermaidId = (path: string): string => path.replaceAll(".", "_");
const code = (text: string): string => `\`${text}\``;
const list = (names: readonly string[]): string => names.map(code).join(", ");
