import { applyFrame, copyState, emptyState, type MutableState } from "./applyFrame.js";
import type { Frame, LogView, MessageView, NodeState, TrafficFrame, TransitionView } from "./wire.js";

/** Milliseconds that can be stepped back; a file may hold less, never more. */
const HISTORY_TIME = 300_000;
const HISTORY_FRAMES = 3_200;
/** Frames between two whole states, from which the states between are made again. */
const KEYFRAME_EVERY = 50;
const MOST_EVENTS = 8_000;
const MOST_MESSAGES = 3_000;
const MOST_SEGMENTS = 2_000;

/** A time that an actor spent in a state; it is in it still while `to` is null. */
export interface Segment {
  readonly state: string;
  readonly from: number;
  to: number | null;
}

export type EventEntry =
  | ({ readonly kind: "transition"; readonly number: number } & TransitionView)
  | ({ readonly kind: "log"; readonly number: number } & LogView);

/** What was told of a node in the last minutes: any of its instants can be looked at again. */
export class History {
  #base: MutableState = emptyState();
  #frames: Frame[] = [];
  #keyframes: { readonly frame: Frame; readonly state: MutableState }[] = [];
  #now: MutableState = emptyState();
  #sinceKeyframe = 0;
  #numbered = 0;
  readonly events: EventEntry[] = [];
  readonly segments = new Map<string, Segment[]>();
  readonly traffic = new Map<string, MessageView[]>();
  #trafficFrames: TrafficFrame[] = [];

  /** Starts anew from a state. */
  reset(base: NodeState): void {
    this.#base = copyState(base);
    this.#now = copyState(base);
    this.#frames = [];
    this.#keyframes = [];
    this.#sinceKeyframe = 0;
    this.events.length = 0;
    this.segments.clear();
    this.traffic.clear();
    this.#trafficFrames = [];
    for (const { id, state, since } of Object.values(base.actors)) this.segments.set(id, [{ state, from: since, to: null }]);
  }

  push(frame: Frame): void {
    applyFrame(this.#now, frame);
    this.#frames.push(frame);
    if (++this.#sinceKeyframe >= KEYFRAME_EVERY) {
      this.#sinceKeyframe = 0;
      this.#keyframes.push({ frame, state: copyState(this.#now) });
    }
    this.#index(frame);
    this.#prune(frame.at);
  }

  /** A state that replaces what frames would have told: the feed skipped some. */
  jump(state: NodeState): void {
    const actors = Object.values(state.actors);
    const gone = Object.keys(this.#now.actors).filter((id) => !(id in state.actors));
    this.push({ at: state.at, actors, gone, transfers: Object.values(state.transfers) });
  }

  pushTraffic(traffic: TrafficFrame): void {
    this.#trafficFrames.push(traffic);
    if (this.#trafficFrames.length > HISTORY_FRAMES) this.#trafficFrames.shift();
    const messages = this.traffic.get(traffic.peer) ?? [];
    this.traffic.set(traffic.peer, messages);
    messages.push(...traffic.messages);
    if (messages.length > MOST_MESSAGES) messages.splice(0, messages.length - MOST_MESSAGES);
  }

  get now(): NodeState {
    return this.#now;
  }

  /** The instants of the first and the last frame. */
  get span(): readonly [number, number] {
    return [this.#frames[0]?.at ?? this.#now.at, this.#now.at];
  }

  /** The state at an instant: that of the last frame until then. */
  stateAt(at: number): NodeState {
    if (at >= this.#now.at) return this.#now;
    const start = this.#keyframes.findLast(({ frame }) => frame.at <= at);
    const state = copyState(start?.state ?? this.#base);
    let index = start === undefined ? 0 : this.#frames.lastIndexOf(start.frame) + 1;
    for (; index < this.#frames.length; index += 1) {
      const frame = this.#frames[index];
      if (frame === undefined || frame.at > at) break;
      applyFrame(state, frame);
    }
    return state;
  }

  /** The instant of the next frame with news, before or after another instant. */
  step(at: number, direction: -1 | 1): number {
    const hasNews = (frame: Frame): boolean => (frame.transitions?.length ?? 0) > 0 || (frame.logs?.length ?? 0) > 0;
    const found =
      direction < 0
        ? this.#frames.findLast((frame) => frame.at < at && hasNews(frame))
        : this.#frames.find((frame) => frame.at > at && hasNews(frame));
    return found?.at ?? this.span[direction < 0 ? 0 : 1];
  }

  get content(): { base: NodeState; frames: readonly Frame[]; traffic: readonly TrafficFrame[] } {
    return { base: this.#base, frames: this.#frames, traffic: this.#trafficFrames };
  }

  #index(frame: Frame): void {
    const transitions = (frame.transitions ?? []).map((transition) => ({ kind: "transition" as const, number: 0, ...transition }));
    const logs = (frame.logs ?? []).map((log) => ({ kind: "log" as const, number: 0, ...log }));
    for (const event of [...transitions, ...logs].sort((one, other) => one.at - other.at)) {
      this.events.push({ ...event, number: ++this.#numbered });
    }
    for (const { actor, to, at } of transitions) this.#segment(actor, to, at);
    if (this.events.length > MOST_EVENTS) this.events.splice(0, this.events.length - MOST_EVENTS);
    // Actors that were there before anybody watched tell no transition.
    for (const { id, state, since } of frame.actors ?? []) {
      if (this.segments.get(id)?.at(-1)?.state !== state) this.#segment(id, state, since);
    }
    for (const id of frame.gone ?? []) {
      const last = this.segments.get(id)?.at(-1);
      if (last !== undefined) last.to ??= frame.at;
    }
  }

  #segment(actor: string, state: string, from: number): void {
    const segments = this.segments.get(actor) ?? [];
    this.segments.set(actor, segments);
    const last = segments.at(-1);
    if (last !== undefined) last.to ??= from;
    segments.push({ state, from, to: null });
    if (segments.length > MOST_SEGMENTS) segments.splice(0, segments.length - MOST_SEGMENTS);
  }

  #prune(now: number): void {
    let gone = 0;
    for (const frame of this.#frames) {
      if (now - frame.at <= HISTORY_TIME && this.#frames.length - gone <= HISTORY_FRAMES) break;
      applyFrame(this.#base, frame);
      gone += 1;
    }
    if (gone === 0) return;
    this.#frames = this.#frames.slice(gone);
    const first = this.#frames[0]?.at ?? now;
    while ((this.#keyframes[0]?.frame.at ?? first) < first) this.#keyframes.shift();
    if (gone > 0 && this.#sinceKeyframe === 0) this.#forgetEnded(first);
  }

  /** Actors that ended before the first frame have no place in a timeline. */
  #forgetEnded(first: number): void {
    for (const [id, segments] of this.segments) {
      const end = segments.at(-1)?.to;
      if (end !== null && end !== undefined && end < first) this.segments.delete(id);
    }
  }
}
