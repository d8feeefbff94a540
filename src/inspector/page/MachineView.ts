import { h, s, setAttribute, setText } from "./dom.js";
import { ContextPanel } from "./ContextPanel.js";
import { commonTargets, Layouts, type LaidOutChart, type Point } from "./layout.js";
import type { Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";
import { nameOf } from "./TreeView.js";
import type { ChartView, TransitionView } from "./wire.js";

/** Milliseconds for which a state or a line shines after it was passed. */
const FLASH = 1_200;
/** Room beyond the layout, for the mark of the initial state. */
const MARGIN = 14;
const CORNER = 6;
const LARGEST_SCALE = 1.1;

interface Drawn {
  readonly machine: string;
  readonly states: ReadonlyMap<string, SVGGElement>;
  /** By "from to". */
  readonly edges: ReadonlyMap<string, SVGGElement>;
}

/** The chosen actor's state chart: its state is lit, and what it passes flashes. */
export class MachineView implements View {
  readonly element: HTMLElement;
  readonly #title = h("h2", {});
  readonly #canvas = h("div", { class: "canvas" });
  readonly #note = h("p", { class: "note" });
  readonly #context = new ContextPanel();
  readonly #layouts = new Layouts();
  #drawn: Drawn | undefined;
  #wanted: string | undefined;
  #actor: string | undefined;
  /** Number of the last event that was shown as a flash. */
  #flashed = 0;

  constructor() {
    const chart = h("div", { class: "chart" }, this.#title, this.#canvas, this.#note);
    this.element = h("section", { class: "machine", "aria-label": "State chart" }, chart, this.#context.element);
  }

  /** Another node's machines may have the same names. */
  forget(): void {
    this.#layouts.forget();
    this.#drawn = undefined;
    this.#wanted = undefined;
    this.#flashed = 0;
  }

  render(scene: Scene): void {
    const { selected, charts } = scene;
    const chart = selected === undefined ? undefined : charts.get(selected.machine);
    this.#context.render(scene);
    if (selected === undefined || chart === undefined) {
      setText(this.#title, "Choose an actor in the tree");
      this.#canvas.replaceChildren();
      this.#drawn = undefined;
      this.#wanted = undefined;
      return;
    }
    setText(this.#title, selected.machine === "workerPeer" || selected.peer === null ? nameOf(selected) : `${nameOf(selected)} of ${selected.peer}`);
    if (this.#wanted !== chart.machine) this.#draw(chart);
    if (this.#drawn?.machine !== chart.machine) return;
    for (const [name, group] of this.#drawn.states) {
      const isLit = name === selected.state;
      setAttribute(group, "data-lit", String(isLit));
      if (isLit) setAttribute(group, "aria-current", "true");
      else group.removeAttribute("aria-current");
    }
    this.#flash(scene);
  }

  #draw(chart: ChartView): void {
    this.#wanted = chart.machine;
    this.#drawn = undefined;
    this.#canvas.replaceChildren(h("p", { class: "hint" }, "Drawing the chart …"));
    this.#layouts.of(chart).then(
      (laidOut) => {
        if (this.#wanted === chart.machine) this.#show(chart, laidOut);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#canvas.replaceChildren(h("p", { class: "error" }, `The chart can't be drawn: ${reason}`));
      },
    );
  }

  #show(chart: ChartView, laidOut: LaidOutChart): void {
    const { picture, drawn } = drawChart(chart, laidOut);
    this.#canvas.replaceChildren(picture);
    const anywhere = chart.anywhere.filter(({ to }) => to !== null).map(({ label, to }) => `${label} → ${String(to)}`);
    setText(this.#note, anywhere.length === 0 ? "" : `From any state: ${anywhere.join(", ")}`);
    this.#drawn = drawn;
  }

  /** What the actor passed since the last frame; all that a person would miss at ten pictures a second. */
  #flash({ history, selected, pausedAt }: Scene): void {
    const { events } = history;
    const newest = events.at(-1)?.number ?? 0;
    const isOther = this.#actor !== selected?.id;
    this.#actor = selected?.id;
    const from = isOther ? newest : this.#flashed;
    this.#flashed = newest;
    if (pausedAt !== null) return;
    for (let index = events.length - 1; index >= 0; index -= 1) {
      const event = events[index];
      if (event === undefined || event.number <= from) return;
      if (event.kind === "transition" && event.actor === selected?.id) this.#shine(event);
    }
  }

  #shine({ from, to }: TransitionView): void {
    for (const group of [this.#drawn?.states.get(to), this.#drawn?.edges.get(`${from ?? ""} ${to}`)]) {
      group?.animate([{ "--flash": 1 }, { "--flash": 0 }], { duration: FLASH, easing: "ease-out" });
    }
  }
}

function drawChart(chart: ChartView, laidOut: LaidOutChart): { picture: SVGSVGElement; drawn: Drawn } {
  const common = commonTargets(chart.edges);
  const states = new Map<string, SVGGElement>();
  const edges = new Map<string, SVGGElement>();
  const [width, height] = [laidOut.width + 2 * MARGIN, laidOut.height + 2 * MARGIN];
  for (const { edge, points, text, label } of laidOut.edges) {
    const title = s("title", {}, `${edge.from} → ${edge.to}: ${edge.labels.join(", ")}`);
    const line = s("path", { d: rounded(points), class: "line", "marker-end": "url(#arrow)" });
    const words = s("text", { x: label.x, y: label.y, class: "label" }, text);
    edges.set(`${edge.from} ${edge.to}`, s("g", { class: "edge", "data-kind": edge.kind }, title, line, words));
  }
  for (const { name, final } of chart.states) {
    const place = laidOut.states.get(name);
    if (place === undefined) continue;
    const { x, y, width: w, height: t } = place;
    const failures = common.get(name);
    const title = failures === undefined ? name : `${name}: failures of ${String(failures)} states lead here`;
    states.set(
      name,
      s(
        "g",
        { class: "state", "data-state": name, "data-tone": toneOf(name), "data-final": final },
        s("title", {}, title),
        s("rect", { x, y, width: w, height: t, rx: CORNER, class: "box" }),
        final ? s("rect", { x: x + 3, y: y + 3, width: w - 6, height: t - 6, rx: CORNER - 2, class: "inner" }) : null,
        s("text", { x: x + w / 2, y: y + t / 2, class: "word" }, name),
        failures === undefined ? null : s("text", { x: x + w / 2, y: y + t + 11, class: "label" }, `any step, on failure`),
      ),
    );
  }
  const start = laidOut.states.get(chart.initial);
  const mark = start === undefined ? null : s("circle", { cx: start.x - 7, cy: start.y + start.height / 2, r: 4, class: "initial" });
  const arrow = s(
    "marker",
    { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
    s("path", { d: "M0,0.5 L8,4 L0,7.5 z", class: "head" }),
  );
  const picture = s(
    "svg",
    {
      viewBox: `${String(-MARGIN)} ${String(-MARGIN)} ${String(width)} ${String(height)}`,
      ...{ role: "group", "aria-label": `States of ${chart.machine}` },
    },
    s("defs", {}, arrow),
    ...edges.values(),
    mark,
    ...states.values(),
  );
  // Never larger than the page's other words.
  picture.style.maxWidth = `${String(width * LARGEST_SCALE)}px`;
  picture.style.maxHeight = `${String(height * LARGEST_SCALE)}px`;
  return { picture, drawn: { machine: chart.machine, states, edges } };
}

/** A line through points with rounded corners. */
function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const parts = [`M${String(first.x)},${String(first.y)}`];
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    const before = points[index] ?? point;
    if (next === undefined) parts.push(`L${String(point.x)},${String(point.y)}`);
    else {
      const into = toward(point, before);
      const out = toward(point, next);
      parts.push(`L${String(into.x)},${String(into.y)} Q${String(point.x)},${String(point.y)} ${String(out.x)},${String(out.y)}`);
    }
  });
  return parts.join(" ");
}

/** The point on the way from one to another that lies a corner's radius ahead. */
function toward(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
