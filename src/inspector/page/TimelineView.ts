import { h, setChildren, setText } from "./dom.js";
import { compareNames, duration } from "./format.js";
import type { Segment } from "./History.js";
import { actorsOfPeer, type Choices, type Scene, type View } from "./Scene.js";
import { toneOf } from "./tone.js";
import { nameOf } from "./TreeView.js";
import type { ActorView } from "./wire.js";

const ROW_HEIGHT = 22;
const BAR_HEIGHT = 14;
/** States named beside a row, those that took longest. */
const NAMED_STATES = 4;
/** Narrower than a pixel nothing can be seen. */
const LEAST_WIDTH = 1.5;
/** States at work, in the order in which a chart names them. */
const WORK_COLOURS = 8;

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly totals: HTMLElement;
  /** Of the canvas, in CSS pixels; 0 until it is known. */
  width: number;
  spans: readonly Span[];
  /** Of the actor's chart, in its order. */
  states: readonly string[];
}

type Span = Segment & { readonly end: number };

/** What a timeline shows: so many milliseconds from an instant. */
interface TimeWindow {
  readonly from: number;
  readonly length: number;
}

/** How long each process was in each state: one row a process, the last seconds or minutes. */
export class TimelineView implements View {
  readonly element: HTMLElement;
  readonly #rows = new Map<string, Row>();
  readonly #colours = new Colours();
  /** Told when a bar's width changes, so that no picture has to ask for the layout. */
  readonly #sizes = new ResizeObserver((changes) => {
    for (const { target, contentRect } of changes) {
      const row = [...this.#rows.values()].find(({ canvas }) => canvas === target);
      if (row === undefined) continue;
      row.width = contentRect.width;
      if (this.#painted !== undefined) paint(row, this.#painted, this.#colours);
    }
  });
  #painted: TimeWindow | undefined;
  readonly #list = h("div", { class: "rows", role: "list", "aria-label": "Time in each state" });
  readonly #window = h(
    "select",
    { "aria-label": "Time shown" },
    ...[10, 60, 300].map((seconds) => h("option", { value: seconds, selected: seconds === 60 }, seconds < 60 ? `${String(seconds)} s` : `${String(seconds / 60)} min`)),
  );
  readonly #readout = h("output", { class: "readout" });
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.element = h(
      "div",
      { class: "timeline" },
      h("div", { class: "bar" }, h("label", {}, "Last ", this.#window), this.#readout),
      this.#list,
    );
    this.#list.addEventListener("pointermove", (event) => {
      this.#point(event);
    });
    this.#list.addEventListener("click", (event) => {
      const id = (event.target as Element).closest<HTMLElement>("[data-actor]")?.dataset["actor"];
      if (id !== undefined) this.#choices.selectActor(id);
    });
  }

  render(scene: Scene): void {
    const length = Number(this.#window.value) * 1000;
    const actors = actorsOfPeer(scene).sort((one, other) => compareNames(nameOf(one), nameOf(other)));
    const wanted = new Set(actors.map(({ id }) => id));
    for (const [id, { canvas }] of this.#rows) {
      if (wanted.has(id)) continue;
      this.#sizes.unobserve(canvas);
      this.#rows.delete(id);
    }
    const shown = { from: scene.at - length, length };
    this.#painted = shown;
    setChildren(
      this.#list,
      actors.map((actor) => {
        const row = this.#rows.get(actor.id) ?? this.#make(actor);
        this.#update(row, actor, { scene, shown });
        return row.element;
      }),
    );
  }

  #make(actor: ActorView): Row {
    const name = h("button", { type: "button", class: "name" });
    const canvas = h("canvas", { "aria-hidden": "true" });
    const totals = h("span", { class: "totals" });
    const element = h("div", { class: "row", role: "listitem", "data-actor": actor.id }, name, canvas, totals);
    const row: Row = { element, name, canvas, totals, width: 0, spans: [], states: [] };
    this.#rows.set(actor.id, row);
    this.#sizes.observe(canvas);
    return row;
  }

  #update(row: Row, actor: ActorView, { scene, shown }: { scene: Scene; shown: TimeWindow }): void {
    const { from } = shown;
    const segments = scene.history.segments.get(actor.id) ?? [];
    const spans = segments
      .filter((segment) => segment.from <= scene.at && (segment.to ?? scene.at) >= from)
      .map((segment) => ({ ...segment, end: Math.min(segment.to ?? scene.at, scene.at) }));
    row.spans = spans;
    setText(row.name, nameOf(actor));
    row.states = scene.charts.get(actor.machine)?.states.map(({ name }) => name) ?? [];
    paint(row, shown, this.#colours);
    setText(row.totals, totalsOf(spans, from));
  }

  /** Says what is under the pointer. */
  #point(event: PointerEvent): void {
    const id = (event.target as Element).closest<HTMLElement>("[data-actor]")?.dataset["actor"];
    const row = id === undefined ? undefined : this.#rows.get(id);
    if (row === undefined) return;
    const box = row.canvas.getBoundingClientRect();
    const length = Number(this.#window.value) * 1000;
    const end = row.spans.at(-1)?.end ?? 0;
    const at = end - length + ((event.clientX - box.left) / box.width) * length;
    const span = row.spans.find((one) => one.from <= at && at <= one.end);
    setText(this.#readout, span === undefined ? "" : `${span.state}: ${duration(span.end - span.from)}`);
  }
}

function paint({ canvas, width, spans, states }: Row, { from, length }: TimeWindow, colours: Colours): void {
  if (width === 0) return;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(ROW_HEIGHT * ratio)) canvas.height = Math.round(ROW_HEIGHT * ratio);
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, ROW_HEIGHT);
  for (const { state, from: began, end } of spans) {
    const left = Math.max(0, ((began - from) / length) * width);
    const right = ((end - from) / length) * width;
    context.fillStyle = colours.of(colourName(state, states));
    context.fillRect(left, (ROW_HEIGHT - BAR_HEIGHT) / 2, Math.max(LEAST_WIDTH, right - left), BAR_HEIGHT);
  }
}

/** The style sheet's colours by their names, asked for once, and again when light becomes dark. */
class Colours {
  readonly #known = new Map<string, string>();

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#known.clear());
  }

  of(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const colour = getComputedStyle(document.documentElement).getPropertyValue(name);
    this.#known.set(name, colour);
    return colour;
  }
}

function colourName(state: string, states: readonly string[]): string {
  const tone = toneOf(state);
  return tone === "work" ? `--work-${String(Math.max(0, states.indexOf(state)) % WORK_COLOURS)}` : `--span-${tone}`;
}

function totalsOf(spans: readonly Span[], from: number): string {
  const totals = new Map<string, number>();
  for (const { state, from: began, end } of spans) {
    totals.set(state, (totals.get(state) ?? 0) + Math.max(0, end - Math.max(began, from)));
  }
  const longest = [...totals].sort(([, one], [, other]) => other - one);
  const shown = longest.slice(0, NAMED_STATES).map(([state, time]) => `${state} ${duration(time)}`);
  return longest.length > NAMED_STATES ? `${shown.join(" · ")} · +${String(longest.length - NAMED_STATES)}` : shown.join(" · ");
}
