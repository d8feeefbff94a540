/**
 * What the feed tells the page, and what the page asks: JSON objects over one WebSocket. The same objects, in a
 * file, are a trace. Times are milliseconds since the Unix epoch unless a name says otherwise.
 */

/** A value that JSON can hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

export interface NodeIdentity {
  readonly name: string;
  readonly type: "master" | "worker";
  readonly cluster: string;
}

/** One transition, or several between the same two states. */
export interface ChartEdge {
  readonly from: string;
  readonly to: string;
  /** Events in words: `PERMISSION_GRANTED`, `packDifference done`, `after workDeadline`. */
  readonly labels: readonly string[];
  /** What leads to it; `failure` when nothing but errors and deadlines do. */
  readonly kind: "event" | "failure";
}

/** A machine's state chart: leaf states, named as people read them (`awaitingVerdict.undecided`). */
export interface ChartView {
  readonly machine: string;
  readonly initial: string;
  readonly states: readonly { readonly name: string; readonly final: boolean }[];
  readonly edges: readonly ChartEdge[];
  /** Transitions that every state has. */
  readonly anywhere: readonly { readonly label: string; readonly to: string | null }[];
}

export interface ActorView {
  /** Unique in the node's life. */
  readonly id: string;
  readonly parent: string | null;
  /** The name that its parent gave it: `integritySync`, `peer-3`. */
  readonly key: string;
  readonly machine: string;
  /** The worker that the actor belongs to, on a master. */
  readonly peer: string | null;
  readonly state: string;
  readonly since: number;
  /** False when the state was entered before anybody watched: `since` is then when watching began. */
  readonly exact: boolean;
  readonly context: { readonly [name: string]: Plain };
}

export interface TransitionView {
  readonly at: number;
  readonly actor: string;
  readonly machine: string;
  readonly peer: string | null;
  readonly event: string;
  /** Null for an actor that was just made. */
  readonly from: string | null;
  readonly to: string;
}

export interface LogView {
  readonly at: number;
  readonly level: string;
  readonly message: string;
  /** `Worker w1 · Integrity sync`, as the log's brackets say it. */
  readonly tag: string;
  readonly process: string | null;
}

export interface TransferView {
  readonly id: string;
  readonly peer: string;
  readonly direction: "in" | "out";
  readonly path: string;
  readonly bytes: number;
  /** Null while only the sender knows. */
  readonly total: number | null;
  readonly startedAt: number;
  readonly at: number;
  readonly state: "running" | "done" | "failed";
}

export interface MessageView {
  readonly at: number;
  /** Seen from this node. */
  readonly direction: "in" | "out";
  readonly kind: "request" | "answer";
  readonly counter: number;
  readonly command: string;
  /** Of an answer: the command that it answers, when that was seen. */
  readonly answers: string | null;
  readonly bytes: number;
  /** Of an answer: milliseconds since its request, when that was seen. */
  readonly duration: number | null;
  /** Messages that this line stands for: chunks of one transfer are told together. */
  readonly count: number;
}

/** What happened within one interval of the feed. */
export interface Frame {
  readonly at: number;
  readonly actors?: readonly ActorView[];
  readonly gone?: readonly string[];
  readonly transitions?: readonly TransitionView[];
  readonly logs?: readonly LogView[];
  readonly transfers?: readonly TransferView[];
  /** Transitions and log lines that were too many to be told. */
  readonly missed?: number;
}

/** Messages with one peer within one interval, for those who chose it. */
export interface TrafficFrame {
  readonly at: number;
  readonly peer: string;
  readonly messages: readonly MessageView[];
  readonly missed: number;
}

/** A worker as a master knows it, also after it left. */
export interface WorkerView {
  readonly name: string;
  /** The connection's actor. */
  readonly actor: string;
  readonly connected: boolean;
  /** Since when it is connected, or is not. */
  readonly since: number;
  /** Whether its files are the master's; null before the first comparison. */
  readonly inStep: boolean | null;
  readonly inStepSince: number;
  readonly lastError: { readonly at: number; readonly message: string; readonly process: string } | null;
}

/** Everything at one instant: what frames add up to. */
export interface NodeState {
  readonly at: number;
  readonly actors: { readonly [id: string]: ActorView };
  readonly workers: { readonly [name: string]: WorkerView };
  readonly transfers: { readonly [id: string]: TransferView };
}

export interface Welcome {
  readonly type: "welcome";
  readonly version: number;
  readonly node: NodeIdentity;
  readonly charts: readonly ChartView[];
  /** The state before the first of `frames`. */
  readonly base: NodeState;
  readonly frames: readonly Frame[];
}

export type FromFeed =
  | Welcome
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "chart"; readonly chart: ChartView }
  /** Instead of frames that a slow viewer missed. */
  | { readonly type: "state"; readonly state: NodeState }
  | { readonly type: "traffic"; readonly traffic: TrafficFrame };

/** The page's only wish: whose messages to show; null for nobody's. */
export interface FromPage {
  readonly type: "peer";
  readonly peer: string | null;
}

export const WIRE_VERSION = 1;
/** What a trace file says that it is. */
export const TRACE_FORMAT = "muster-inspector-trace";

export interface TraceFile {
  readonly format: typeof TRACE_FORMAT;
  readonly version: number;
  readonly node: NodeIdentity;
  readonly charts: readonly ChartView[];
  readonly base: NodeState;
  readonly frames: readonly Frame[];
  readonly traffic: readonly TrafficFrame[];
}
