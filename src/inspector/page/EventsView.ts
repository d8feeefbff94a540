import { h, setChildren, setText } from "./dom.js";
import { FollowedEnd } from "./FollowedEnd.js";
import { clockTime } from "./format.js";
import type { EventEntry } from "./History.js";
import type { Choices, Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";

const SHOWN_EVENTS = 250;
/** While the newest ones are followed: more than fit, so that one who scrolls back finds rows until all are there. */
const FOLLOWED_EVENTS = 50;

/** What happened, line by line, with filters: changes of state, and the node's log. */
export class EventsView implements View {
  readonly element: HTMLElement;
  readonly #kind = select("Kind", { all: "everything", transition: "changes of state", log: "log", trouble: "trouble only" });
  readonly #whose = select("Whose", { all: "of everybody", peer: "of the chosen peer", actor: "of the chosen actor" });
  readonly #text = h("input", { type: "search", placeholder: "containing …", "aria-label": "Events that contain" });
  readonly #list = h("ol", { class: "events", tabindex: "0", "aria-label": "Events" });
  readonly #count = h("span", { class: "hint" });
  readonly #end = new FollowedEnd(this.#list, () => {
    if (this.#scene !== undefined) this.render(this.#scene);
  });
  readonly #rows = new Map<number, HTMLElement>();
  readonly #choices: Choices;
  #scene: Scene | undefined;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.element = h("div", { class: "eventlog" }, h("div", { class: "bar" }, this.#kind, this.#whose, this.#text, this.#count), this.#list);
    this.#list.addEventListener("click", (event) => {
      const id = (event.target as Element).closest<HTMLElement>("[data-actor]")?.dataset["actor"];
      if (id !== undefined) this.#choices.selectActor(id);
    });
  }

  render(scene: Scene): void {
    this.#scene = scene;
    const { events } = scene.history;
    const most = this.#end.isAtEnd && scene.pausedAt === null ? FOLLOWED_EVENTS : SHOWN_EVENTS;
    const isWanted = this.#filter(scene);
    const shown: EventEntry[] = [];
    for (let index = events.length - 1; index >= 0 && shown.length < most; index -= 1) {
      const event = events[index];
      if (event !== undefined && event.at <= scene.at && isWanted(event)) shown.push(event);
    }
    shown.reverse();
    setText(this.#count, shown.length === most ? `the last ${String(most)}` : "");
    const numbers = new Set(shown.map(({ number }) => number));
    for (const number of this.#rows.keys()) if (!numbers.has(number)) this.#rows.delete(number);
    if (setChildren(this.#list, shown.map((event) => this.#row(event)))) this.#end.follow();
  }

  #filter({ peer, selected }: Scene): (event: EventEntry) => boolean {
    const [kind, whose, text] = [this.#kind.value, this.#whose.value, this.#text.value.toLowerCase()];
    return (event) => {
      if (kind === "trouble" ? !isTrouble(event) : kind !== "all" && event.kind !== kind) return false;
      if (whose === "peer" && !isOfPeer(event, peer)) return false;
      if (whose === "actor" && !(event.kind === "transition" && event.actor === selected?.id)) return false;
      return text === "" || wordsOf(event).toLowerCase().includes(text);
    };
  }

  #row(event: EventEntry): HTMLElement {
    const made = this.#rows.get(event.number);
    if (made !== undefined) return made;
    const time = h("time", {}, clockTime(event.at));
    const row =
      event.kind === "log"
        ? h("li", { "data-level": event.level }, time, h("span", { class: "who" }, event.tag), h("span", { class: "text" }, event.message))
        : h(
            "li",
            { "data-actor": event.actor, "data-tone": toneOf(event.to) },
            time,
            h("span", { class: "who" }, `${event.peer === null ? "" : `${event.peer} · `}${event.machine}`),
            h("span", { class: "text" }, h("span", { class: "from" }, event.from ?? "new"), " → ", h("b", {}, event.to), h("span", { class: "cause" }, event.event)),
          );
    this.#rows.set(event.number, row);
    return row;
  }
}

function select(label: string, options: Readonly<Record<string, string>>): HTMLSelectElement {
  return h("select", { "aria-label": label }, ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
}

export function isTrouble(event: EventEntry): boolean {
  return event.kind === "log" ? event.level === "error" || event.level === "warning" : toneOf(event.to) === "bad";
}

function isOfPeer(event: EventEntry, peer: string | null): boolean {
  if (peer === null) return false;
  return event.kind === "log" ? event.tag.includes(peer) : event.peer === peer;
}

export function wordsOf(event: EventEntry): string {
  if (event.kind === "log") return `${event.level} ${event.tag} ${event.message}`;
  return `${event.peer ?? ""} ${event.machine} ${event.from ?? ""} ${event.to} ${event.event}`;
}
