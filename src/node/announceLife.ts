import type { RunningNode } from "./startNode.js";
import type { Clock } from "../protocol/Clock.js";
import type { ServiceManager } from "./ports/ServiceManager.js";
import { stateText } from "./stateText.js";

export interface AnnounceOptions {
  readonly node: Pick<RunningNode, "actor" | "ended">;
  readonly kind: "master" | "worker";
  readonly clock: Clock;
  /** Undefined: nobody wants to hear. */
  readonly manager: Pick<ServiceManager, "ready" | "status" | "stopping" | "alive" | "watchdog"> | undefined;
  /** Called once, when the node serves. */
  readonly onServing: () => void;
}

/** Signs of life within one watchdog time. */
const SIGNS_PER_TIME = 3;

/**
 * Tells the service manager how the node fares. A master serves once it listens; a worker once it has started: whether
 * its master is there is not its fault, and shows in the status. A sign of life is sent only by the main thread's own
 * loop, and only as long as the root actor lives: a thread that hangs, or a node that failed and does not end, is
 * restarted.
 */
export function announceLife({ node, kind, clock, manager, onServing }: AnnounceOptions): { stop(): void } {
  const { actor } = node;
  let status = "";
  let isServing = false;
  let isStopping = false;
  let timer: unknown;
  const look = (): void => {
    const snapshot = actor.getSnapshot() as { readonly value?: unknown; readonly context?: { readonly peers?: Readonly<Record<string, { nodeName: string | null }>> } };
    const state = stateText(snapshot.value);
    const before = status;
    status = describe(kind, state, snapshot.context?.peers);
    if (!isServing && (kind === "worker" || state === "running")) {
      isServing = true;
      manager?.ready(status);
      onServing();
      return;
    }
    if (!isStopping && state === "draining") {
      isStopping = true;
      manager?.stopping();
    }
    if (isServing && status !== before) manager?.status(status);
  };
  const subscription = actor.subscribe({ next: look, error: () => undefined });
  look();

  const beat = (): void => {
    const { status: life, value } = actor.getSnapshot() as { readonly status: string; readonly value?: unknown };
    if (life === "active" && value !== "failed") manager?.alive();
    again();
  };
  const again = (): void => {
    if (manager?.watchdog !== undefined) timer = clock.setTimeout(beat, manager.watchdog / SIGNS_PER_TIME);
  };
  again();
  return {
    stop: () => {
      subscription.unsubscribe();
      clock.clearTimeout(timer);
    },
  };
}

function describe(kind: string, state: string, peers: Readonly<Record<string, { nodeName: string | null }>> | undefined): string {
  if (peers === undefined) return `${kind}: ${state}`;
  const workers = Object.values(peers).filter(({ nodeName }) => nodeName !== null).length;
  return `${kind}: ${state}, ${String(workers)} workers connected`;
}
