import type { Subscription } from "xstate";
import { MASK } from "../../config/secrets.js";
import type { ViewerLink } from "../feed/Viewer.js";
import type { InspectedNode } from "../InspectedNode.js";
import { machinesBelow, statelyActor, statelyMessage } from "./statelyMessages.js";

/** Bytes that may wait for a viewer; what comes meanwhile is lost to it: the format knows no other way. */
const SLOW_STATELY_BYTES = 1024 * 1024;
const MOST_STATELY_VIEWERS = 4;

/** Tells each inspection event in the wire format of `@statelyai/inspect`, for Stately's own viewer. */
export class StatelyFeed {
  readonly #node: InspectedNode;
  readonly #viewers = new Set<ViewerLink>();
  #subscription: Subscription | undefined;

  constructor(node: InspectedNode) {
    this.#node = node;
  }

  /** Begins to tell a viewer; undefined when there are as many as there may be. The result ends it. */
  watch(link: ViewerLink): (() => void) | undefined {
    if (this.#viewers.size >= MOST_STATELY_VIEWERS) return undefined;
    const { actor, clock } = this.#node;
    for (const ref of machinesBelow(actor)) link.send(this.#masked(statelyActor(ref, actor.sessionId, clock.wallTime())));
    this.#viewers.add(link);
    this.#subscription ??= actor.system.inspect({
      next: (event) => {
        const text = statelyMessage(event, clock.wallTime());
        if (text === undefined) return;
        const safe = this.#masked(text);
        for (const viewer of this.#viewers) if (viewer.bufferedAmount <= SLOW_STATELY_BYTES) viewer.send(safe);
      },
    });
    return () => {
      this.#viewers.delete(link);
      if (this.#viewers.size > 0) return;
      this.#subscription?.unsubscribe();
      this.#subscription = undefined;
    };
  }

  #masked(text: string): string {
    return this.#node.secrets.reduce((safe, secret) => (secret === "" ? safe : safe.replaceAll(secret, MASK)), text);
  }
}
