import { h, setAttribute, setChildren, setText } from "./dom.js";
import { compareNames } from "./format.js";
import type { Choices, Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";
import type { ActorView } from "./wire.js";

/** Peers above which each is closed until it is opened. */
const OPEN_PEERS = 8;

interface Row {
  readonly element: HTMLLIElement;
  readonly twisty: HTMLElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
}

interface Line {
  readonly actor: ActorView;
  readonly level: number;
  readonly children: number;
  readonly open: boolean;
}

/** The tree of live actors; arrow keys move in it, as in any tree. */
export class TreeView implements View {
  readonly element: HTMLElement;
  readonly #list = h("ul", { role: "tree", "aria-label": "Live actors", class: "tree" });
  readonly #rows = new Map<string, Row>();
  /** What the viewer opened or closed himself. */
  readonly #chosen = new Map<string, boolean>();
  readonly #choices: Choices;
  #lines: readonly Line[] = [];
  #scene: Scene | undefined;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.element = h("nav", { class: "side", "aria-label": "Actors" }, h("h2", {}, "Actors"), this.#list);
    this.#list.addEventListener("click", (event) => {
      const id = idOf(event.target);
      if (id === undefined) return;
      if ((event.target as Element).closest(".twisty") !== null) this.#toggle(id);
      else this.#choices.selectActor(id);
    });
    this.#list.addEventListener("keydown", (event) => {
      this.#onKey(event);
    });
  }

  render(scene: Scene): void {
    this.#scene = scene;
    this.#lines = this.#linesOf(scene);
    const ids = new Set(this.#lines.map(({ actor }) => actor.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    const selected = scene.selected?.id;
    const focusable = selected !== undefined && ids.has(selected) ? selected : this.#lines[0]?.actor.id;
    setChildren(
      this.#list,
      this.#lines.map((line) => {
        const row = this.#rows.get(line.actor.id) ?? this.#makeRow(line.actor.id);
        this.#update(row, line, { isSelected: line.actor.id === selected, isFocusable: line.actor.id === focusable });
        return row.element;
      }),
    );
  }

  #linesOf({ state }: Scene): Line[] {
    const children = new Map<string | null, ActorView[]>();
    for (const actor of Object.values(state.actors)) {
      const parent = actor.parent !== null && actor.parent in state.actors ? actor.parent : null;
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [actor]);
      else siblings.push(actor);
    }
    const peers = Object.keys(state.workers).length;
    const lines: Line[] = [];
    const visit = (actor: ActorView, level: number): void => {
      const below = (children.get(actor.id) ?? []).sort(byName);
      const open = this.#chosen.get(actor.id) ?? (actor.machine !== "workerPeer" || peers <= OPEN_PEERS);
      lines.push({ actor, level, children: below.length, open });
      if (open) for (const child of below) visit(child, level + 1);
    };
    for (const root of children.get(null) ?? []) visit(root, 1);
    return lines;
  }

  #makeRow(id: string): Row {
    const twisty = h("span", { class: "twisty", "aria-hidden": "true" });
    const name = h("span", { class: "name" });
    const state = h("span", { class: "pill" });
    const element = h("li", { role: "treeitem", "data-id": id }, twisty, name, state);
    const row = { element, twisty, name, state };
    this.#rows.set(id, row);
    return row;
  }

  #update(row: Row, line: Line, { isSelected, isFocusable }: { isSelected: boolean; isFocusable: boolean }): void {
    const { actor, level, children, open } = line;
    setText(row.twisty, children === 0 ? "" : open ? "▾" : "▸");
    setText(row.name, nameOf(actor));
    setText(row.state, actor.state);
    setAttribute(row.state, "data-tone", toneOf(actor.state));
    setAttribute(row.element, "aria-level", String(level));
    setAttribute(row.element, "data-level", String(level));
    setAttribute(row.element, "aria-selected", String(isSelected));
    setAttribute(row.element, "tabindex", isFocusable ? "0" : "-1");
    if (children > 0) setAttribute(row.element, "aria-expanded", String(open));
    else row.element.removeAttribute("aria-expanded");
  }

  #toggle(id: string, open?: boolean): void {
    const line = this.#lines.find(({ actor }) => actor.id === id);
    if (line === undefined || line.children === 0) return;
    this.#chosen.set(id, open ?? !line.open);
    if (this.#scene !== undefined) this.render(this.#scene);
  }

  #onKey(event: KeyboardEvent): void {
    const id = idOf(event.target);
    const index = this.#lines.findIndex(({ actor }) => actor.id === id);
    const line = this.#lines[index];
    if (id === undefined || line === undefined) return;
    const parent = this.#lines.slice(0, index).findLast(({ level }) => level < line.level);
    const moves: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowDown: () => this.#focus(this.#lines[index + 1]),
      ArrowUp: () => this.#focus(this.#lines[index - 1]),
      Home: () => this.#focus(this.#lines[0]),
      End: () => this.#focus(this.#lines.at(-1)),
      ArrowRight: () => (line.open ? this.#focus(this.#lines[index + 1]) : this.#toggle(id, true)),
      ArrowLeft: () => (line.open && line.children > 0 ? this.#toggle(id, false) : this.#focus(parent)),
      Enter: () => this.#choices.selectActor(id),
      " ": () => this.#choices.selectActor(id),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  #focus(line: Line | undefined): void {
    if (line !== undefined) this.#rows.get(line.actor.id)?.element.focus();
  }
}

function idOf(target: EventTarget | null): string | undefined {
  return (target as Element | null)?.closest<HTMLElement>("[data-id]")?.dataset["id"];
}

/** A connection is called by its worker, once that is known. */
export function nameOf(actor: ActorView): string {
  return actor.machine === "workerPeer" ? (actor.peer ?? actor.key) : actor.key;
}

/** Peers last, by their names; others as the node has them. */
function byName(one: ActorView, other: ActorView): number {
  const isPeer = (actor: ActorView): number => (actor.machine === "workerPeer" ? 1 : 0);
  return isPeer(one) - isPeer(other) || compareNames(nameOf(one), nameOf(other));
}
