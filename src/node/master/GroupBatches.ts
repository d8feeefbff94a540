import { stringifyPython } from "../../protocol/pythonJson.js";

/** Batches that are kept: those that a worker's queue can still name (`GROUP_BATCHES_WAITING`), and those on their way. */
const BATCHES_KEPT = 16;

/** What the master read out of its store for its workers: the string of each batch, by its number (dialects.md 1.8). */
export class GroupBatches {
  readonly #texts = new Map<number, string>();
  #last = 0;

  /** Keeps a batch and gives its number; the oldest one goes. */
  add(chunks: readonly string[]): number {
    this.#last += 1;
    this.#texts.set(this.#last, groupsString(chunks));
    this.#texts.delete(this.#last - BATCHES_KEPT);
    return this.#last;
  }

  /** @throws Error when it is gone: the worker took too long, and will ask for all groups. */
  text(batch: number): string {
    const text = this.#texts.get(batch);
    if (text === undefined) throw new Error(`batch ${String(batch)} of the agents' groups is gone; the worker asks for all of them when they differ`);
    return text;
  }
}

/** Groups as they travel to a worker. */
export function groupsString(chunks: readonly string[]): string {
  return stringifyPython({
    set_data_command: "global set-agent-groups",
    payload: { mode: "override", sync_status: "synced" },
    chunks,
  });
}
