import { TO_WORKER } from "../../protocol/commands.js";
import type { Clock, TimerHandle } from "../../protocol/Clock.js";
import type { Connection } from "../Connection.js";

/** Workers told in one turn of the main thread; milliseconds to the next one. */
const TOLD_AT_ONCE = 50;
const BETWEEN_TURNS = 10;

/** Who has to hear of changes. */
export interface NewsPeer {
  readonly connection: Pick<Connection, "channel">;
}

/**
 * Tells workers that files have changed (`mst_check`). A worker has one such message under way at most: a change meanwhile
 * is told when that is answered. What is lost is made good by the worker's next round at its own time.
 */
export class ChangeNews {
  readonly #clock: Pick<Clock, "setTimeout" | "clearTimeout">;
  readonly #queue = new Set<NewsPeer>();
  /** Peers whose answer is waited for; true: another change has come since. */
  readonly #underWay = new Map<NewsPeer, boolean>();
  #turn: { readonly handle: TimerHandle } | undefined;

  constructor(clock: Pick<Clock, "setTimeout" | "clearTimeout">) {
    this.#clock = clock;
  }

  /** These have to hear of a change. */
  announce(peers: Iterable<NewsPeer>): void {
    for (const peer of peers) this.#want(peer);
    this.#work();
  }

  /** A peer is gone. */
  forget(peer: NewsPeer): void {
    this.#queue.delete(peer);
    this.#underWay.delete(peer);
  }

  stop(): void {
    this.#queue.clear();
    if (this.#turn !== undefined) this.#clock.clearTimeout(this.#turn.handle);
    this.#turn = undefined;
  }

  #want(peer: NewsPeer): void {
    if (this.#underWay.has(peer)) this.#underWay.set(peer, true);
    else this.#queue.add(peer);
  }

  #work(): void {
    if (this.#turn !== undefined) return;
    let told = 0;
    for (const peer of this.#queue) {
      if (told === TOLD_AT_ONCE) break;
      this.#queue.delete(peer);
      this.#tell(peer);
      told += 1;
    }
    if (this.#queue.size === 0) return;
    const handle = this.#clock.setTimeout(() => {
      this.#turn = undefined;
      this.#work();
    }, BETWEEN_TURNS);
    this.#turn = { handle };
  }

  #tell(peer: NewsPeer): void {
    this.#underWay.set(peer, false);
    const answered = (): void => {
      const isWantedAgain = this.#underWay.get(peer) ?? false;
      this.#underWay.delete(peer);
      if (!isWantedAgain) return;
      this.#queue.add(peer);
      this.#work();
    };
    peer.connection.channel.request(TO_WORKER.check, "").then(answered, answered);
  }
}
