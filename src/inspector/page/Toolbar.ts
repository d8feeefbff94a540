import { h, setAttribute, setText } from "./dom.js";
import { clockTime, count, duration } from "./format.js";
import { isTrouble } from "./EventsView.js";
import type { Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";

/** Milliseconds in which trouble is counted. */
const TROUBLE_WINDOW = 60_000;

export interface ToolbarActions {
  pause(at: number): void;
  goLive(): void;
  step(direction: -1 | 1): void;
  exportTrace(): void;
  openTrace(file: File): void;
  closeTrace(): void;
  showTrouble(): void;
}

/** The head of the page: whose page it is, the time that is looked at, and traces. */
export class Toolbar implements View {
  readonly element: HTMLElement;
  readonly #name = h("h1", {}, "muster");
  readonly #kind = h("span", { class: "kind" });
  readonly #state = h("span", { class: "pill" });
  readonly #trouble = h("button", { type: "button", class: "trouble", hidden: true });
  readonly #play = h("button", { type: "button", class: "play" }, "Pause");
  readonly #back = h("button", { type: "button", "aria-label": "One step back", title: "One step back" }, "◂");
  readonly #forth = h("button", { type: "button", "aria-label": "One step forward", title: "One step forward" }, "▸");
  readonly #slider = h("input", { type: "range", min: 0, max: 1, step: 1, "aria-label": "Instant that is shown" });
  readonly #time = h("output", { class: "time" });
  readonly #file = h("input", { type: "file", accept: ".json,application/json", "aria-label": "Trace file", class: "hidden" });
  readonly #close = h("button", { type: "button", hidden: true }, "Close trace");
  readonly #actions: ToolbarActions;
  #scene: Scene | undefined;

  constructor(actions: ToolbarActions) {
    this.#actions = actions;
    const save = h("button", { type: "button", class: "save" }, "Export trace");
    const open = h("button", { type: "button", class: "open" }, "Open trace…");
    this.element = h(
      "header",
      { class: "toolbar" },
      h("div", { class: "whose" }, this.#name, this.#kind, this.#state, this.#trouble),
      h("div", { class: "transport", role: "group", "aria-label": "Time" }, this.#play, this.#back, this.#slider, this.#forth, this.#time),
      h("div", { class: "files" }, save, open, this.#close, this.#file),
    );
    this.#play.addEventListener("click", () => {
      if (this.#scene?.pausedAt === null) actions.pause(this.#scene.at);
      else actions.goLive();
    });
    this.#back.addEventListener("click", () => actions.step(-1));
    this.#forth.addEventListener("click", () => actions.step(1));
    this.#slider.addEventListener("input", () => {
      this.#seek();
    });
    this.#trouble.addEventListener("click", () => actions.showTrouble());
    save.addEventListener("click", () => actions.exportTrace());
    open.addEventListener("click", () => this.#file.click());
    this.#close.addEventListener("click", () => actions.closeTrace());
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      if (file !== undefined) actions.openTrace(file);
      this.#file.value = "";
    });
  }

  render(scene: Scene): void {
    this.#scene = scene;
    const { node, state, source, pausedAt, at, history } = scene;
    setText(this.#name, node.name);
    setText(this.#kind, `${node.type} of ${node.cluster}${source === "file" ? ", from a file" : ""}`);
    const root = Object.values(state.actors).find(({ machine }) => machine === node.type);
    const words = source === "lost" ? "unreachable" : (root?.state ?? "–");
    setText(this.#state, words);
    setAttribute(this.#state, "data-tone", source === "lost" ? "bad" : toneOf(words));
    const isLive = pausedAt === null && source === "live";
    setText(this.#play, pausedAt === null ? "Pause" : source === "file" ? "To the end" : "Go live");
    setAttribute(this.#play, "data-live", String(isLive));
    const [from, to] = history.span;
    this.#slider.min = "0";
    this.#slider.max = String(Math.max(1, Math.round(to - from)));
    this.#slider.value = String(Math.round(at - from));
    setAttribute(this.#slider, "aria-valuetext", clockTime(at));
    setText(this.#time, pausedAt === null ? (isLive ? "live" : "") : `${clockTime(at)}, ${duration(to - at)} before the end`);
    this.#close.hidden = source !== "file";
    this.#countTrouble(scene);
  }

  #countTrouble({ history, at }: Scene): void {
    let troubles = 0;
    for (let index = history.events.length - 1; index >= 0; index -= 1) {
      const event = history.events[index];
      if (event === undefined || event.at < at - TROUBLE_WINDOW) break;
      if (event.at <= at && isTrouble(event)) troubles += 1;
    }
    this.#trouble.hidden = troubles === 0;
    setText(this.#trouble, `${count(troubles, "problem")} in the last minute`);
  }

  #seek(): void {
    if (this.#scene === undefined) return;
    const [from] = this.#scene.history.span;
    this.#actions.pause(from + Number(this.#slider.value));
  }
}
