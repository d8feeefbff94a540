/** Version of the trace's format; a reader refuses a higher one. */
export const TRACE_FORMAT = 1;

/** The first line of a trace. */
export interface TraceHeader {
  readonly trace: "muster";
  readonly format: number;
  /** muster's own version; null where the node was not told it. */
  readonly version: string | null;
  readonly node: string;
  readonly nodeType: "master" | "worker";
  /** Version that the node tells its peers (the dialect's). */
  readonly clusterVersion: string;
  /** Instant, UTC. */
  readonly startedAt: string;
}

/** What went wrong, where a step of a process failed. */
export interface TraceFailure {
  /** Code of the catalogue. */
  readonly code: number;
  readonly step: string;
  readonly message: string;
}

/** One change of state: an actor took an event, and was in `state` afterwards. */
export interface TraceLine {
  /** Instant, UTC. */
  readonly time: string;
  /** Milliseconds since the trace began, monotonic. */
  readonly elapsed: number;
  readonly node: string;
  /** The machine's name, for example `integritySync`. */
  readonly machine: string;
  /** Tells apart the actors of one machine within this node's life. */
  readonly actor: string;
  /** The actor that started this one; absent at the root. */
  readonly parent?: string;
  /** The name that the parent calls it by. */
  readonly id?: string;
  /** The worker at the other end, where the actor belongs to one. */
  readonly peer?: string;
  readonly event: string;
  /** The state before; absent when the actor begins. */
  readonly from?: string;
  readonly state: string;
  /** The task of the synchronisation that runs. */
  readonly task?: string;
  /** Bytes and files of the round so far, where the machine counts them. */
  readonly bytes?: number;
  readonly files?: number;
  /** A failure that this change recorded. */
  readonly error?: TraceFailure;
}

/** Lines that were lost because the disk was slower than the machines. */
export interface TraceGap {
  readonly dropped: number;
  readonly elapsed: number;
}

/** The last line of a trace that was ended in good order. */
export interface TraceEnd {
  readonly ended: "stopped" | "full";
  readonly elapsed: number;
  /** Changes of state that the trace holds. */
  readonly lines: number;
}

export type TraceRecord = TraceHeader | TraceLine | TraceGap | TraceEnd;
