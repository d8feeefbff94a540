import { ClusterView } from "./ClusterView.js";
import { h, setText } from "./dom.js";
import { EventsView, isTrouble, wordsOf } from "./EventsView.js";
import { History, type EventEntry } from "./History.js";
import { LiveLink } from "./LiveLink.js";
import { LoginForm } from "./LoginForm.js";
import { MachineView } from "./MachineView.js";
import { MessagesView } from "./MessagesView.js";
import type { Scene, Source } from "./Scene.js";
import { Tabs } from "./Tabs.js";
import { TimelineView } from "./TimelineView.js";
import { Toolbar } from "./Toolbar.js";
import { download, formatTrace, readTrace } from "./traceFile.js";
import { TransfersView } from "./TransfersView.js";
import { TreeView } from "./TreeView.js";
import type { ActorView, ChartView, FromFeed, NodeIdentity, NodeState } from "./wire.js";

/** Milliseconds between two pictures: the feed tells no more often. */
const RENDER_INTERVAL = 100;
/** Milliseconds between two sentences of a screen reader about trouble. */
const ANNOUNCE_INTERVAL = 5_000;

const NOBODY: NodeIdentity = { name: "muster", type: "master", cluster: "no node" };

/** A node's minutes: the live one's, or a file's. */
interface Told {
  node: NodeIdentity;
  readonly history: History;
  readonly charts: Map<string, ChartView>;
}

/** The page. */
export class App {
  readonly #live: Told = { node: NOBODY, history: new History(), charts: new Map() };
  #opened: Told | undefined;
  #source: Source = "none";
  #pausedAt: number | null = null;
  #actor: string | undefined;
  #peer: string | null = null;
  #isAwake = false;
  #rendered = 0;
  #announced = 0;
  #heard = 0;

  readonly #link: LiveLink;
  readonly #login: LoginForm;
  readonly #toolbar: Toolbar;
  readonly #tree: TreeView;
  readonly #machine = new MachineView();
  readonly #upper: Tabs;
  readonly #lower: Tabs;
  readonly #banner = h("p", { class: "banner", role: "status", hidden: true });
  readonly #voice = h("p", { class: "voice", role: "status", "aria-live": "polite" });

  constructor() {
    this.#link = new LiveLink({
      onMessage: (message) => this.#hear(message),
      onLoginNeeded: () => this.#login.ask(),
      onLost: (reason) => this.#lose(reason),
    });
    this.#login = new LoginForm((user, password) => this.#link.logIn(user, password));
    this.#toolbar = new Toolbar({
      pause: (at) => this.#pause(at),
      goLive: () => this.#pause(null),
      step: (direction) => this.#pause(this.#told.history.step(this.#scene().at, direction)),
      exportTrace: () => this.#export(),
      openTrace: (file) => void this.#open(file),
      closeTrace: () => this.#close(),
      showTrouble: () => this.#lower.show("Events"),
    });
    const choices = {
      selectActor: (id: string) => this.#selectActor(id),
      selectPeer: (peer: string | null) => this.#selectPeer(peer),
    };
    this.#tree = new TreeView(choices);
    this.#upper = new Tabs("upper", "Cluster and machines", { Cluster: new ClusterView(choices), Machine: this.#machine });
    this.#lower = new Tabs("lower", "What happened", {
      Timeline: new TimelineView(choices),
      Messages: new MessagesView(choices),
      Transfers: new TransfersView(),
      Events: new EventsView(choices),
    });
    for (const type of ["dragover", "drop"] as const) document.addEventListener(type, (event) => this.#onDrag(event));
    document.addEventListener("input", () => this.#wake());
  }

  get elements(): HTMLElement[] {
    const main = h("main", {}, this.#upper.element, this.#lower.element);
    return [this.#toolbar.element, this.#banner, h("div", { class: "body" }, this.#tree.element, main), this.#voice, this.#login.element];
  }

  start(): void {
    this.#link.start();
    this.#wake();
  }

  /** Asks for one more picture, soon: without news the page does nothing at all. */
  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const draw = (now: number): void => {
      this.#rendered = now;
      this.#isAwake = false;
      this.#render();
    };
    setTimeout(() => requestAnimationFrame(draw), Math.max(0, RENDER_INTERVAL - (performance.now() - this.#rendered)));
  }

  get #told(): Told {
    return this.#opened ?? this.#live;
  }

  #scene(): Scene {
    const { node, history, charts } = this.#told;
    const at = Math.max(history.span[0], this.#pausedAt ?? history.now.at);
    const state = history.stateAt(at);
    return {
      ...{ node, history, charts, at, state },
      source: this.#opened === undefined ? this.#source : "file",
      pausedAt: this.#pausedAt,
      selected: this.#selected(state, node),
      peer: this.#peer,
    };
  }

  /** The chosen actor; the node's own first one until one is chosen, or once that one is gone. */
  #selected({ actors }: NodeState, node: NodeIdentity): ActorView | undefined {
    const chosen = this.#actor === undefined ? undefined : actors[this.#actor];
    return chosen ?? Object.values(actors).find(({ machine }) => machine === (node.type === "worker" ? "integrityCheck" : "master"));
  }

  #render(): void {
    const scene = this.#scene();
    this.#upper.offer("Cluster", scene.node.type === "master");
    for (const view of [this.#toolbar, this.#tree, this.#upper, this.#lower]) view.render(scene);
    document.title = `${scene.node.name} · muster inspector`;
    this.#announce(scene);
  }

  #hear(message: FromFeed): void {
    const { history, charts } = this.#live;
    switch (message.type) {
      case "welcome":
        this.#live.node = message.node;
        history.reset(message.base);
        charts.clear();
        for (const chart of message.charts) charts.set(chart.machine, chart);
        for (const frame of message.frames) history.push(frame);
        this.#source = "live";
        this.#banner.hidden = true;
        if (this.#opened === undefined) this.#begin(message.node);
        break;
      case "frame":
        history.push(message.frame);
        break;
      case "chart":
        charts.set(message.chart.machine, message.chart);
        break;
      case "state":
        history.jump(message.state);
        break;
      case "traffic":
        history.pushTraffic(message.traffic);
        break;
    }
    this.#wake();
  }

  #lose(reason: string): void {
    if (this.#source === "live") this.#source = "lost";
    setText(this.#banner, `The node can't be reached: ${reason}. What is shown is what was last known; it is tried again.`);
    this.#banner.hidden = false;
    this.#wake();
  }

  /** Shows a node from the beginning. */
  #begin(node: NodeIdentity): void {
    this.#machine.forget();
    this.#heard = 0;
    this.#selectPeer(node.type === "worker" ? "master" : (this.#peer ?? null));
  }

  #pause(at: number | null): void {
    this.#pausedAt = at;
    this.#wake();
  }

  #selectActor(id: string): void {
    this.#actor = id;
    const actor = this.#scene().state.actors[id];
    if (actor?.peer !== undefined && actor.peer !== null) this.#selectPeer(actor.peer);
    this.#upper.show("Machine");
    this.#wake();
  }

  #selectPeer(peer: string | null): void {
    this.#peer = peer;
    this.#link.choose(this.#opened === undefined ? peer : null);
    this.#wake();
  }

  #export(): void {
    const { node, charts, history } = this.#told;
    const stamp = new Date(history.now.at).toISOString().slice(0, 19).replaceAll(":", "-");
    download(`muster-${node.name}-${stamp}.trace.json`, formatTrace(node, charts.values(), history));
  }

  async #open(file: File): Promise<void> {
    try {
      const { node, charts, base, frames, traffic } = await readTrace(file);
      const history = new History();
      history.reset(base);
      for (const frame of frames) history.push(frame);
      for (const one of traffic) history.pushTraffic(one);
      this.#opened = { node, history, charts: new Map(charts.map((chart) => [chart.machine, chart])) };
      this.#banner.hidden = true;
      this.#pausedAt = history.now.at;
      const [talkedTo] = history.traffic.keys();
      if (talkedTo !== undefined) this.#peer = talkedTo;
      this.#begin(node);
    } catch (error) {
      setText(this.#banner, error instanceof Error ? error.message : String(error));
      this.#banner.hidden = false;
    }
  }

  #close(): void {
    this.#opened = undefined;
    this.#pausedAt = null;
    this.#begin(this.#live.node);
  }

  #onDrag(event: DragEvent): void {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (event.type === "drop" && file !== undefined) void this.#open(file);
  }

  /** Tells trouble to a screen reader, a sentence now and then: a flood of them would tell nothing. */
  #announce({ history, pausedAt }: Scene): void {
    const newest = history.events.at(-1)?.number ?? 0;
    const now = performance.now();
    if (this.#heard === 0 || pausedAt !== null) this.#heard = newest;
    if (newest === this.#heard || now - this.#announced < ANNOUNCE_INTERVAL) return;
    let trouble: EventEntry | undefined;
    for (let index = history.events.length - 1; trouble === undefined && index >= 0; index -= 1) {
      const event = history.events[index];
      if (event === undefined || event.number <= this.#heard) break;
      if (isTrouble(event)) trouble = event;
    }
    this.#heard = newest;
    if (trouble === undefined) return;
    this.#announced = now;
    setText(this.#voice, wordsOf(trouble));
  }
}
