import { compareNames } from "./format.js";
import type { History } from "./History.js";
import type { ActorView, ChartView, NodeIdentity, NodeState } from "./wire.js";

/** Where the page gets its node from. */
export type Source = "live" | "lost" | "file" | "none";

/** What is shown: an instant of a node, and what the viewer has chosen of it. */
export interface Scene {
  readonly node: NodeIdentity;
  readonly source: Source;
  /** Null while the page follows the node; else the instant that is looked at. */
  readonly pausedAt: number | null;
  /** The instant that is shown. */
  readonly at: number;
  readonly state: NodeState;
  readonly history: History;
  readonly charts: ReadonlyMap<string, ChartView>;
  readonly selected: ActorView | undefined;
  /** The peer whose messages, times and transfers are shown. */
  readonly peer: string | null;
}

/** What a viewer can do. */
export interface Choices {
  selectActor(id: string): void;
  selectPeer(peer: string | null): void;
}

/** A part of the page. */
export interface View {
  readonly element: HTMLElement;
  /** Brings the part up to date; called up to ten times a second while it can be seen. */
  render(scene: Scene): void;
}

/** The peers that messages can be shown for: a master's workers, a worker's master. */
export function peersOf({ node, state }: Scene): readonly string[] {
  if (node.type === "worker") return ["master"];
  return Object.keys(state.workers).sort(compareNames);
}

/** The machines of the chosen peer; of all that belong to no peer, when none is chosen, and on a worker. */
export function actorsOfPeer({ node, state, peer }: Scene): ActorView[] {
  const wanted = node.type === "worker" ? null : peer;
  return Object.values(state.actors).filter((actor) => actor.peer === wanted);
}
