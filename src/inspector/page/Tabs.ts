import { h, setAttribute } from "./dom.js";
import type { Scene, View } from "./Scene.js";

/** Views of which one is seen; only that one is brought up to date. */
export class Tabs implements View {
  readonly element: HTMLElement;
  readonly #tabs: readonly { readonly name: string; readonly view: View; readonly tab: HTMLButtonElement; readonly panel: HTMLElement }[];
  #shown: string;
  #scene: Scene | undefined;

  constructor(id: string, label: string, views: Readonly<Record<string, View>>) {
    this.#tabs = Object.entries(views).map(([name, view]) => {
      const key = `${id}-${name.toLowerCase()}`;
      const tab = h("button", { type: "button", role: "tab", id: `${key}-tab`, "aria-controls": key }, name);
      const panel = h("div", { role: "tabpanel", id: key, "aria-labelledby": `${key}-tab` }, view.element);
      return { name, view, tab, panel };
    });
    const list = h("div", { role: "tablist", "aria-label": label }, ...this.#tabs.map(({ tab }) => tab));
    this.element = h("section", { class: `tabs ${id}` }, list, ...this.#tabs.map(({ panel }) => panel));
    this.#shown = this.#tabs[0]?.name ?? "";
    list.addEventListener("click", (event) => {
      const found = this.#tabs.find(({ tab }) => tab === event.target);
      if (found !== undefined) this.show(found.name);
    });
    list.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      const open = this.#tabs.filter(({ tab }) => !tab.hidden);
      const index = open.findIndex(({ name }) => name === this.#shown);
      const next = open[(index + step + open.length) % open.length];
      if (next === undefined) return;
      this.show(next.name);
      next.tab.focus();
    });
    this.#mark();
  }

  get shown(): string {
    return this.#shown;
  }

  show(name: string): void {
    this.#shown = name;
    this.#mark();
    if (this.#scene !== undefined) this.render(this.#scene);
  }

  /** A tab that has nothing to show for this kind of node. */
  offer(name: string, isOffered: boolean): void {
    const found = this.#tabs.find((one) => one.name === name);
    if (found !== undefined) found.tab.hidden = !isOffered;
    const first = this.#tabs.find(({ tab }) => !tab.hidden);
    if (!isOffered && this.#shown === name && first !== undefined) this.show(first.name);
  }

  render(scene: Scene): void {
    this.#scene = scene;
    this.#tabs.find(({ name }) => name === this.#shown)?.view.render(scene);
  }

  #mark(): void {
    for (const { name, tab, panel } of this.#tabs) {
      const isShown = name === this.#shown;
      setAttribute(tab, "aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      panel.hidden = !isShown;
    }
  }
}
