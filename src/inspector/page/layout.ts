import type { ELK, ElkNode } from "elkjs/lib/elk-api.js";
import type { ChartEdge, ChartView } from "./wire.js";

declare global {
  interface Window {
    /** Brought by elk-api.js, which index.html loads first. */
    readonly ELK: new (options: { workerUrl: string }) => ELK;
  }
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface LaidOutEdge {
  readonly edge: ChartEdge;
  readonly points: readonly Point[];
  readonly text: string;
  /** Middle of the text. */
  readonly label: Point;
}

export interface LaidOutChart {
  readonly width: number;
  readonly height: number;
  readonly states: ReadonlyMap<string, Point & { readonly width: number; readonly height: number }>;
  readonly edges: readonly LaidOutEdge[];
}

/** In the page's fixed type sizes. */
const STATE_HEIGHT = 28;
const STATE_CHARACTER = 7.6;
const STATE_PADDING = 28;
const LABEL_CHARACTER = 5.7;
const LABEL_HEIGHT = 15;
const LONGEST_LABEL = 30;

/** A state to which this many others lead by failures alone is drawn without those lines. */
const COMMON_TARGET = 3;

const OPTIONS: Readonly<Record<string, string>> = {
  "elk.algorithm": "layered",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.spacing.nodeNodeBetweenLayers": "20",
  "elk.layered.spacing.edgeNodeBetweenLayers": "10",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "10",
  "elk.spacing.edgeLabel": "3",
  "elk.padding": "[top=10,left=10,bottom=10,right=10]",
};

/** Width and height of the place in which a chart is seen, about: which way it should run. */
const PLACE: readonly [number, number] = [680, 400];

/** Lays charts out, each once, on a thread of the browser, so that the page goes on meanwhile. */
export class Layouts {
  #engine: ELK | undefined;
  readonly #made = new Map<string, Promise<LaidOutChart>>();

  of(chart: ChartView): Promise<LaidOutChart> {
    let made = this.#made.get(chart.machine);
    if (made === undefined) {
      made = this.#make(chart);
      this.#made.set(chart.machine, made);
    }
    return made;
  }

  forget(): void {
    this.#made.clear();
  }

  async #make(chart: ChartView): Promise<LaidOutChart> {
    const edges = drawnEdges(chart);
    const ways = await Promise.all(["DOWN", "RIGHT"].map((direction) => this.#run(chart, edges, direction)));
    const best = ways.reduce((one, other) => (scaleOf(other) > scaleOf(one) ? other : one));
    return read(best, edges);
  }

  async #run(chart: ChartView, edges: readonly ChartEdge[], direction: string): Promise<ElkNode> {
    this.#engine ??= new window.ELK({ workerUrl: "elk-worker.min.js" });
    return this.#engine.layout({
      id: "chart",
      layoutOptions: { ...OPTIONS, "elk.direction": direction },
      children: ordered(chart).map((name) => ({
        id: name,
        width: name.length * STATE_CHARACTER + STATE_PADDING,
        height: STATE_HEIGHT,
      })),
      edges: edges.map((edge, index) => ({
        id: String(index),
        sources: [edge.from],
        targets: [edge.to],
        labels: labelOf(edge) === "" ? [] : [{ text: labelOf(edge), width: labelOf(edge).length * LABEL_CHARACTER, height: LABEL_HEIGHT }],
      })),
    });
  }
}

/** The edges that are drawn: not the many that lead to the place where failures go. */
function drawnEdges({ edges }: ChartView): readonly ChartEdge[] {
  const common = commonTargets(edges);
  return edges.filter(({ kind, to, from }) => from !== to && !(kind === "failure" && common.has(to)));
}

/** States that failures of many states lead to, each with how many. */
export function commonTargets(edges: readonly ChartEdge[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, to } of edges) if (kind === "failure") counts.set(to, (counts.get(to) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count >= COMMON_TARGET));
}

/** The states from the initial one along the events, so that the drawing reads as the machine goes. */
function ordered({ initial, states, edges }: ChartView): string[] {
  const found = new Set([initial]);
  for (const from of found) for (const edge of edges) if (edge.from === from && edge.kind === "event") found.add(edge.to);
  for (const { name } of states) found.add(name);
  return [...found];
}

/** How large a chart can be drawn. */
function scaleOf({ width = 1, height = 1 }: ElkNode): number {
  return Math.min(1, PLACE[0] / width, PLACE[1] / height);
}

/** Work that is done leads on without a word; the line's tooltip says all of it. */
function labelOf({ labels }: ChartEdge): string {
  const [first = "", ...more] = labels.filter((label) => !label.endsWith(" done"));
  const text = first.length <= LONGEST_LABEL ? first : `${first.slice(0, LONGEST_LABEL - 1)}…`;
  return more.length === 0 ? text : `${text} +${String(more.length)}`;
}

function read(graph: ElkNode, edges: readonly ChartEdge[]): LaidOutChart {
  const states = new Map(
    (graph.children ?? []).map(({ id, x = 0, y = 0, width = 0, height = 0 }) => [id, { x, y, width, height }]),
  );
  const laidOut = (graph.edges ?? []).flatMap((drawn): LaidOutEdge[] => {
    const edge = edges[Number(drawn.id)];
    const section = drawn.sections?.[0];
    if (edge === undefined || section === undefined) return [];
    const [label] = drawn.labels ?? [];
    const { x = 0, y = 0, width = 0, height = 0 } = label ?? {};
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    return [{ edge, points, text: labelOf(edge), label: { x: x + width / 2, y: y + height / 2 } }];
  });
  return { width: graph.width ?? 0, height: graph.height ?? 0, states, edges: laidOut };
}
