import type { Subscription } from "xstate";
import { MASK } from "../../config/secrets.js";
import type { TimerHandle } from "../../protocol/Clock.js";
import type { InspectedNode } from "../InspectedNode.js";
import { applyFrame, emptyState, type MutableState } from "../page/applyFrame.js";
import { WIRE_VERSION, type ChartView, type Frame, type FromFeed, type NodeIdentity } from "../page/wire.js";
import { ActorBook } from "./ActorBook.js";
import { FrameRing } from "./FrameRing.js";
import { LogBook } from "./LogBook.js";
import { TrafficBook } from "./TrafficBook.js";
import { TransferBook } from "./TransferBook.js";
import { Viewer, type ViewerLink } from "./Viewer.js";

/** Milliseconds between two frames: what changes more often is told with its latest value. */
const FRAME_INTERVAL = 100;
/** Frames without news after which an empty one says that the node lives. */
const QUIET_FRAMES = 10;
/** Viewers at a time. */
const MOST_VIEWERS = 16;

/** What exists only while somebody watches. */
interface Watching {
  readonly actors: ActorBook;
  readonly traffic: TrafficBook;
  readonly transfers: TransferBook;
  readonly logs: LogBook;
  readonly ring: FrameRing;
  readonly state: MutableState;
  readonly charts: Map<string, ChartView>;
  readonly subscription: Subscription;
  timer: TimerHandle;
  quiet: number;
}

/** A viewer's hold on the feed. */
export interface Watch {
  /** Asks for the messages with this peer; null for none. */
  choose(peer: string | null): void;
  end(): void;
}

/**
 * Tells viewers what a node does. Observes nothing, and holds nothing, while nobody watches: the first viewer
 * attaches it to the node's actors, the last one detaches it.
 */
export class Feed {
  readonly #node: InspectedNode;
  readonly #viewers = new Set<Viewer>();
  #watching: Watching | undefined;

  constructor(node: InspectedNode) {
    this.#node = node;
  }

  get identity(): NodeIdentity {
    return this.#node.identity;
  }

  /** Whether the node is observed now. */
  get isWatching(): boolean {
    return this.#watching !== undefined;
  }

  /** Begins to tell a viewer; undefined when there are as many as there may be. */
  watch(link: ViewerLink): Watch | undefined {
    if (this.#viewers.size >= MOST_VIEWERS) return undefined;
    const watching = this.#attach();
    // What is pending belongs to all: the newcomer gets it within its welcome, the others as always.
    this.#flush(watching);
    const viewer = new Viewer(link);
    viewer.greet(this.#welcome(watching));
    this.#viewers.add(viewer);
    return {
      choose: (peer) => {
        viewer.peer = peer;
        this.#choosePeers();
      },
      end: () => {
        if (!this.#viewers.delete(viewer)) return;
        this.#choosePeers();
        if (this.#viewers.size === 0) this.#detach();
      },
    };
  }

  #attach(): Watching {
    if (this.#watching !== undefined) return this.#watching;
    const { actor, clock, taps, log, peerName } = this.#node;
    const actors = new ActorBook(this.#node);
    const traffic = new TrafficBook(clock);
    const transfers = new TransferBook(() => clock.wallTime());
    const logs = new LogBook();
    const subscription = actor.system.inspect({
      next: (event) => {
        actors.note(event);
      },
    });
    taps.onMessage = (id, notice) => {
      traffic.note(peerName(id) ?? id, notice);
    };
    taps.onTransfer = (id, notice) => {
      transfers.note(id, peerName(id) ?? id, notice);
    };
    log.onLine = (line) => {
      logs.note(line);
    };
    const watching: Watching = {
      ...{ actors, traffic, transfers, logs, subscription },
      ring: new FrameRing(),
      state: emptyState(),
      charts: new Map(),
      timer: undefined,
      quiet: 0,
    };
    this.#watching = watching;
    this.#arm(watching);
    return watching;
  }

  #detach(): void {
    const { clock, taps, log } = this.#node;
    this.#watching?.subscription.unsubscribe();
    clock.clearTimeout(this.#watching?.timer);
    taps.onMessage = undefined;
    taps.onTransfer = undefined;
    log.onLine = undefined;
    this.#watching = undefined;
  }

  #arm(watching: Watching): void {
    watching.timer = this.#node.clock.setTimeout(() => {
      this.#flush(watching);
      this.#arm(watching);
    }, FRAME_INTERVAL);
  }

  #flush(watching: Watching): void {
    const { state, ring } = watching;
    const { frame, charts } = this.#frame(watching);
    const texts = charts.map((chart) => this.#text({ type: "chart", chart }));
    for (const chart of charts) watching.charts.set(chart.machine, chart);
    watching.quiet = Object.keys(frame).length === 1 ? watching.quiet + 1 : 0;
    if (watching.quiet === 0 || watching.quiet >= QUIET_FRAMES) {
      watching.quiet = 0;
      applyFrame(state, frame);
      const text = this.#masked(JSON.stringify(frame));
      ring.push(frame, text);
      texts.push(`{"type":"frame","frame":${text}}`);
    }
    const whole = (): string => this.#text({ type: "state", state });
    for (const viewer of this.#viewers) viewer.tell(texts, whole);
    for (const traffic of watching.traffic.take()) {
      const text = this.#text({ type: "traffic", traffic });
      for (const viewer of this.#viewers) if (viewer.peer === traffic.peer) viewer.mention(text);
    }
  }

  #frame({ actors, transfers, logs }: Watching): { frame: Frame; charts: readonly ChartView[] } {
    const told = actors.take();
    const lines = logs.take();
    const moved = transfers.take((id) => this.#isOpen(id));
    const missed = told.missed + lines.missed;
    const frame: Frame = {
      at: this.#node.clock.wallTime(),
      ...(told.actors.length > 0 ? { actors: told.actors } : {}),
      ...(told.gone.length > 0 ? { gone: told.gone } : {}),
      ...(told.transitions.length > 0 ? { transitions: told.transitions } : {}),
      ...(lines.logs.length > 0 ? { logs: lines.logs } : {}),
      ...(moved.length > 0 ? { transfers: moved } : {}),
      ...(missed > 0 ? { missed } : {}),
    };
    return { frame, charts: told.charts };
  }

  #welcome({ charts, ring }: Watching): string {
    const { base, texts } = ring.content;
    const head = this.#masked(
      JSON.stringify({ type: "welcome", version: WIRE_VERSION, node: this.#node.identity, charts: [...charts.values()], base }),
    );
    // The frames are JSON, and masked, already.
    return `${head.slice(0, -1)},"frames":[${texts.join(",")}]}`;
  }

  /** A master knows the name behind a connection as long as there is one. A worker's sink tells its end itself. */
  #isOpen(connectionId: string): boolean {
    return this.#node.peerName(connectionId) !== undefined;
  }

  #choosePeers(): void {
    const chosen = [...this.#viewers].flatMap(({ peer }) => peer ?? []);
    this.#watching?.traffic.choose(new Set(chosen));
  }

  #text(message: FromFeed): string {
    return this.#masked(JSON.stringify(message));
  }

  #masked(text: string): string {
    return this.#node.secrets.reduce((safe, secret) => (secret === "" ? safe : safe.replaceAll(secret, MASK)), text);
  }
}
