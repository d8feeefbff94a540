import type { TransferNotice } from "../../node/NodeTaps.js";
import type { TransferView } from "../page/wire.js";

/** Transfers that are followed at a time; more than the peers may have open only in a very large cluster. */
const MOST_TRANSFERS = 1_024;

/** How far each transfer is; only the latest of its notices is told. */
export class TransferBook {
  readonly #wallTime: () => number;
  /** By connection, direction and path. */
  readonly #running = new Map<string, TransferView>();
  readonly #changed = new Map<string, TransferView>();
  #count = 0;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
  }

  note(connectionId: string, peer: string, notice: TransferNotice): void {
    const { direction, path, bytes, total, state } = notice;
    const key = `${connectionId} ${direction} ${path}`;
    const before = this.#running.get(key);
    const at = this.#wallTime();
    const isNew = before === undefined || bytes < before.bytes;
    if (isNew && (state !== "running" || this.#running.size >= MOST_TRANSFERS)) return;
    const { id, startedAt } = isNew ? { id: `t${String(++this.#count)}`, startedAt: at } : before;
    const view: TransferView = {
      ...{ id, direction, path, bytes, startedAt, at, state },
      // A connection that was lost has no name any more.
      peer: before?.peer ?? peer,
      total: total ?? before?.total ?? null,
    };
    if (state === "running") this.#running.set(key, view);
    else this.#running.delete(key);
    this.#changed.set(id, view);
  }

  /** Transfers that a lost connection cut off say nothing any more: they are told as failed. */
  take(isOpen: (connectionId: string) => boolean): readonly TransferView[] {
    for (const [key, view] of this.#running) {
      const [connectionId = ""] = key.split(" ");
      if (isOpen(connectionId)) continue;
      this.#running.delete(key);
      this.#changed.set(view.id, { ...view, state: "failed", at: this.#wallTime() });
    }
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    return changed;
  }
}
