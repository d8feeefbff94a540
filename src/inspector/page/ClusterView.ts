import { h, setAttribute, setChildren, setText } from "./dom.js";
import { age, ago, compareNames, during } from "./format.js";
import { numberIn } from "./applyFrame.js";
import type { Choices, Scene, View } from "./Scene.js";
import { toneOf } from "./tone.js";
import type { ActorView, WorkerView } from "./wire.js";

const PROCESSES = ["integritySync", "extraValidSync", "agentInfoSync"] as const;
/** Cards above which they are drawn closer. */
const ROOMY_CARDS = 12;
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
  key: string;
}

type Verdict = "in-step" | "out-of-step" | "unknown" | "lost";

/** The whole cluster as a master knows it: one card a worker, those that need a look first. */
export class ClusterView implements View {
  readonly element: HTMLElement;
  readonly #summary = h("p", { class: "summary", role: "status" });
  readonly #grid = h("div", { class: "cards", role: "list", "aria-label": "Workers" });
  readonly #attention = h("input", { type: "checkbox", id: "attention" });
  readonly #cards = new Map<string, Card>();
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
    const filter = h("label", { class: "check", for: "attention" }, this.#attention, "only those that need a look");
    this.element = h("section", { class: "cluster" }, h("div", { class: "bar" }, this.#summary, filter), this.#grid);
    this.#grid.addEventListener("click", (event) => {
      this.#open(event.target);
    });
    this.#grid.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.#open(event.target);
      }
    });
  }

  render(scene: Scene): void {
    const workers = Object.values(scene.state.workers);
    const ranked = workers
      .map((worker) => ({ worker, verdict: verdictOf(worker) }))
      .sort((one, other) => rank(one.verdict) - rank(other.verdict) || byName(one.worker, other.worker));
    const shown = this.#attention.checked ? ranked.filter(({ verdict, worker }) => needsLook(verdict, worker, scene.at)) : ranked;
    setText(this.#summary, summaryOf(ranked.map(({ verdict }) => verdict)));
    setAttribute(this.#grid, "data-close", String(workers.length > ROOMY_CARDS));
    const processes = processesByParent(scene);
    for (const name of this.#cards.keys()) if (!(name in scene.state.workers)) this.#cards.delete(name);
    setChildren(
      this.#grid,
      shown.map(({ worker, verdict }) => {
        const card = this.#cards.get(worker.name) ?? this.#make(worker.name);
        this.#update(card, { worker, verdict, scene, processes: processes.get(worker.actor) ?? [] });
        return card.element;
      }),
    );
  }

  #make(name: string): Card {
    const verdict = h("span", { class: "verdict" });
    const link = h("span", { class: "since" });
    const error = h("p", { class: "error" });
    const lines = PROCESSES.map((process) => {
      const state = h("span", { class: "pill" });
      const since = h("span", { class: "since" });
      return { state, since, element: h("div", { class: "process" }, h("span", { class: "what" }, process), state, since) };
    });
    const element = h(
      "article",
      { class: "card", role: "listitem", tabindex: "0", "data-worker": name },
      h("header", {}, h("span", { class: "dot", "aria-hidden": "true" }), h("h3", {}, name), verdict),
      ...lines.map((line) => line.element),
      h("footer", {}, link),
      error,
    );
    const card: Card = { element, verdict, link, error, processes: lines, key: "" };
    this.#cards.set(name, card);
    return card;
  }

  #update(card: Card, shown: { worker: WorkerView; verdict: Verdict; scene: Scene; processes: readonly ActorView[] }): void {
    const { worker, verdict, scene, processes } = shown;
    const { at } = scene;
    const peer = scene.state.actors[worker.actor];
    const keepalive = numberIn(peer?.context, "lastKeepalive") ?? 0;
    const isChosen = scene.peer === worker.name;
    const states = PROCESSES.map((machine) => processes.find((actor) => actor.machine === machine));
    const seconds = Math.floor(at / 1000);
    const key = [verdict, worker.since, worker.inStepSince, isChosen, seconds, worker.lastError?.at, ...states.map((one) => one?.state)].join();
    if (key === card.key) return;
    card.key = key;
    setAttribute(card.element, "data-verdict", verdict);
    setAttribute(card.element, "aria-current", String(isChosen));
    setText(card.verdict, verdictText(worker, verdict, at));
    const beat = keepalive > 0 ? ` · keepalive ${ago(at - keepalive)}` : "";
    setText(card.link, worker.connected ? `up ${age(at - worker.since)}${beat}` : `left ${ago(at - worker.since)}`);
    states.forEach((actor, index) => {
      const line = card.processes[index];
      if (line === undefined) return;
      setText(line.state, actor?.state ?? "–");
      setAttribute(line.state, "data-tone", actor === undefined ? "passing" : toneOf(actor.state));
      setText(line.since, actor === undefined ? "" : `${actor.exact ? "" : "over "}${age(at - actor.since)}`);
    });
    const { lastError } = worker;
    setText(card.error, lastError === null ? "" : `${lastError.process}: ${lastError.message} (${ago(at - lastError.at)})`);
    setAttribute(card.error, "title", lastError?.message ?? "");
    card.error.hidden = lastError === null;
    setAttribute(card.error, "data-recent", String(lastError !== null && at - lastError.at < RECENT_ERROR));
  }

  #open(target: EventTarget | null): void {
    const name = (target as Element | null)?.closest<HTMLElement>("[data-worker]")?.dataset["worker"];
    if (name !== undefined) this.#choices.selectPeer(name);
  }
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
