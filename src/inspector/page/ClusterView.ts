import { h, setAttribute, setChildren, setText } from "./dom.js";
import { age, ago, compareNames, during } from "./format.js";
import { numberIn } from "./applyFrame.js";
import type { Choices, Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";
import type { ActorView, WorkerView } from "./wire.js";

const PROCESSES = ["integritySync", "extraValidSync", "agentInfoSync"] as const;
/** Cards above which they are drawn closer. */
const ROOMY_CARDS = 12;
/** Cards out of sight that are brought up to date with each picture, in turn: their order and verdict always are. */
const UNSEEN_CARDS = 8;
/** Milliseconds for which an error marks a worker that is in step again. */
const RECENT_ERROR = 60_000;

interface ProcessLine {
  readonly state: HTMLElement;
  readonly since: HTMLElement;
}

interface Card {
  readonly element: HTMLElement;
  readonly verdict: HTMLElement;
  readonly link: HTMLElement;
  readonly error: HTMLElement;
  readonly processes: readonly ProcessLine[];
  isSeen: boolean;
  shown: Shown | undefined;
}

/** What a card says, in words; a word that stays is not written again. */
interface Shown {
  readonly verdict: Verdict;
  readonly isChosen: boolean;
  readonly verdictText: string;
  readonly link: string;
  readonly states: readonly string[];
  readonly times: readonly string[];
  readonly error: string;
  readonly errorTitle: string;
  readonly isErrorRecent: boolean;
}

type Verdict = "in-step" | "out-of-step" | "unknown" | "lost";

/** The whole cluster as a master knows it: one card a worker, those that need a look first. */
export class ClusterView implements View {
  readonly element: HTMLElement;
  readonly #summary = h("p", { class: "summary", role: "status" });
  readonly #grid = h("div", { class: "cards", role: "list", "aria-label": "Workers" });
  readonly #attention = h("input", { type: "checkbox", id: "attention" });
  readonly #cards = new Map<string, Card>();
  readonly #sight: IntersectionObserver;
  readonly #choices: Choices;
  /** Whose turn it is among the cards out of sight. */
  #turn = 0;
  #scene: Scene | undefined;

  constructor(choices: Choices) {
    this.#choices = choices;
    const filter = h("label", { class: "check", for: "attention" }, this.#attention, "only those that need a look");
    this.element = h("section", { class: "cluster" }, h("div", { class: "bar" }, this.#summary, filter), this.#grid);
    this.#sight = new IntersectionObserver((changes) => {
      this.#look(changes);
    });
    this.#grid.addEventListener("click", (event) => {
      this.#open(event.target);
    });
  }

  render(scene: Scene): void {
    this.#scene = scene;
    const workers = Object.values(scene.state.workers);
    const ranked = workers
      .map((worker) => ({ worker, verdict: verdictOf(worker) }))
      .sort((one, other) => rank(one.verdict) - rank(other.verdict) || byName(one.worker, other.worker));
    const shown = this.#attention.checked ? ranked.filter(({ verdict, worker }) => needsLook(verdict, worker, scene.at)) : ranked;
    setText(this.#summary, summaryOf(ranked.map(({ verdict }) => verdict)));
    setAttribute(this.#grid, "data-close", String(workers.length > ROOMY_CARDS));
    for (const [name, { element }] of this.#cards) {
      if (name in scene.state.workers) continue;
      this.#sight.unobserve(element);
      this.#cards.delete(name);
    }
    const processes = processesByParent(scene);
    const isClose = workers.length > ROOMY_CARDS;
    const turn = this.#turn;
    this.#turn = shown.length === 0 ? 0 : (turn + UNSEEN_CARDS) % shown.length;
    setChildren(
      this.#grid,
      shown.map(({ worker, verdict }, at) => {
        const card = this.#cards.get(worker.name) ?? this.#make(worker.name);
        const isItsTurn = (at - turn + shown.length) % shown.length < UNSEEN_CARDS;
        if (card.isSeen || isItsTurn || card.shown?.verdict !== verdict || card.shown.isChosen !== (scene.peer === worker.name)) {
          write(card, wordsOf({ worker, verdict, scene, processes: processes.get(worker.actor) ?? [], isClose }));
        }
        return card.element;
      }),
    );
  }

  /** A card that comes into sight is brought up to date at once. */
  #look(changes: readonly IntersectionObserverEntry[]): void {
    let hasCome = false;
    for (const { target, isIntersecting } of changes) {
      const card = this.#cards.get((target as HTMLElement).dataset["worker"] ?? "");
      if (card === undefined) continue;
      hasCome ||= isIntersecting && !card.isSeen;
      card.isSeen = isIntersecting;
    }
    if (hasCome && this.#scene !== undefined) this.render(this.#scene);
  }

  #make(name: string): Card {
    const verdict = h("span", { class: "verdict", id: `verdict-${name}` });
    const link = h("span", { class: "since" });
    const error = h("p", { class: "error" });
    const lines = PROCESSES.map((process) => {
      const state = h("span", { class: "pill" });
      const since = h("span", { class: "since" });
      return { state, since, element: h("div", { class: "process" }, h("span", { class: "what" }, process), state, since) };
    });
    const element = h(
      "article",
      { class: "card", role: "listitem", "data-worker": name },
      h("header", {}, h("h3", {}, h("button", { type: "button", "aria-describedby": verdict.id }, name)), verdict),
      ...lines.map((line) => line.element),
      h("footer", {}, link),
      error,
    );
    const card: Card = { element, verdict, link, error, processes: lines, isSeen: false, shown: undefined };
    this.#cards.set(name, card);
    this.#sight.observe(element);
    return card;
  }

  #open(target: EventTarget | null): void {
    const name = (target as Element | null)?.closest<HTMLElement>("[data-worker]")?.dataset["worker"];
    if (name !== undefined) this.#choices.selectPeer(name);
  }
}

interface Told {
  readonly worker: WorkerView;
  readonly verdict: Verdict;
  readonly scene: Scene;
  readonly processes: readonly ActorView[];
  /** Close cards have no room for the time of each process. */
  readonly isClose: boolean;
}

function wordsOf({ worker, verdict, scene, processes, isClose }: Told): Shown {
  const { at } = scene;
  const keepalive = numberIn(scene.state.actors[worker.actor]?.context, "lastKeepalive") ?? 0;
  const beat = keepalive > 0 ? ` · keepalive ${ago(at - keepalive)}` : "";
  const actors = PROCESSES.map((machine) => processes.find((actor) => actor.machine === machine));
  const { lastError } = worker;
  return {
    verdict,
    isChosen: scene.peer === worker.name,
    verdictText: verdictText(worker, verdict, at),
    link: worker.connected ? `up ${age(at - worker.since)}${beat}` : `left ${ago(at - worker.since)}`,
    states: actors.map((actor) => actor?.state ?? "–"),
    times: actors.map((actor) => (actor === undefined || isClose ? "" : `${actor.exact ? "" : "over "}${age(at - actor.since)}`)),
    error: lastError === null ? "" : `${lastError.process}: ${lastError.message} (${ago(at - lastError.at)})`,
    errorTitle: lastError?.message ?? "",
    isErrorRecent: lastError !== null && at - lastError.at < RECENT_ERROR,
  };
}

/** Writes what differs from what the card says already, and reads nothing of the page. */
function write(card: Card, shown: Shown): void {
  const before = card.shown;
  card.shown = shown;
  if (shown.verdict !== before?.verdict) setAttribute(card.element, "data-verdict", shown.verdict);
  if (shown.isChosen !== before?.isChosen) setAttribute(card.element, "aria-current", String(shown.isChosen));
  if (shown.verdictText !== before?.verdictText) setText(card.verdict, shown.verdictText);
  if (shown.link !== before?.link) setText(card.link, shown.link);
  card.processes.forEach((line, index) => {
    const [state = "", time = ""] = [shown.states[index], shown.times[index]];
    if (state !== before?.states[index]) {
      setText(line.state, state);
      setAttribute(line.state, "data-tone", state === "–" ? "passing" : toneOf(state));
    }
    if (time !== before?.times[index]) setText(line.since, time);
  });
  if (shown.error !== before?.error) {
    setText(card.error, shown.error);
    setAttribute(card.error, "title", shown.errorTitle);
    card.error.hidden = shown.error === "";
  }
  if (shown.isErrorRecent !== before?.isErrorRecent) setAttribute(card.error, "data-recent", String(shown.isErrorRecent));
}

function processesByParent({ state }: Scene): Map<string, ActorView[]> {
  const found = new Map<string, ActorView[]>();
  for (const actor of Object.values(state.actors)) {
    if (actor.parent === null || actor.peer === null) continue;
    const siblings = found.get(actor.parent);
    if (siblings === undefined) found.set(actor.parent, [actor]);
    else siblings.push(actor);
  }
  return found;
}

function verdictOf(worker: WorkerView): Verdict {
  if (!worker.connected) return "lost";
  if (worker.inStep === null) return "unknown";
  return worker.inStep ? "in-step" : "out-of-step";
}

function verdictText(worker: WorkerView, verdict: Verdict, at: number): string {
  switch (verdict) {
    case "lost":
      return "lost";
    case "unknown":
      return "not compared yet";
    case "in-step":
      return `in step${during(at - worker.inStepSince)}`;
    case "out-of-step":
      return `out of step${during(at - worker.inStepSince)}`;
  }
}

const RANKS: readonly Verdict[] = ["lost", "out-of-step", "unknown", "in-step"];
const rank = (verdict: Verdict): number => RANKS.indexOf(verdict);

const byName = (one: WorkerView, other: WorkerView): number => compareNames(one.name, other.name);

function needsLook(verdict: Verdict, { lastError }: WorkerView, at: number): boolean {
  return verdict !== "in-step" || (lastError !== null && at - lastError.at < RECENT_ERROR);
}

function summaryOf(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "No worker has connected yet.";
  const number = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  const parts = [`${String(number("in-step"))} in step`];
  if (number("out-of-step") > 0) parts.push(`${String(number("out-of-step"))} out of step`);
  if (number("unknown") > 0) parts.push(`${String(number("unknown"))} not compared yet`);
  if (number("lost") > 0) parts.push(`${String(number("lost"))} lost`);
  return `${String(verdicts.length)} ${verdicts.length === 1 ? "worker" : "workers"}: ${parts.join(", ")}`;
}
