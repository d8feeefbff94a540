import { join } from "node:path";
import type { ClusterItems } from "../../config/ClusterItems.js";
import type { Clock, TimerHandle } from "../../protocol/Clock.js";
import type { FolderWatcher } from "../ports/FolderWatcher.js";

export interface TreeWatchOptions {
  readonly root: string;
  readonly clock: Pick<Clock, "setTimeout" | "clearTimeout">;
  readonly watchFolder: FolderWatcher;
  /** Files may have changed. */
  readonly onChange: () => void;
  /** Why changes are not told, or not all of them, from here on. */
  readonly onTrouble: (message: string) => void;
}

/** Milliseconds in which the news of a change must have come when a pass over the files has found it. */
const LATEST_NEWS = 5_000;

/**
 * Tells of changes in the folders of the items, as far as the system does. Whether it tells of all of them shows in the
 * passes over the files: a change that a pass finds, and of which no news comes, ends the trust for good.
 */
export class TreeWatch {
  readonly #options: TreeWatchOptions;
  readonly #watched = new Map<string, () => Promise<void>>();
  readonly #troubled = new Set<string>();
  #isTrusted = true;
  /** There was news since the pass before. */
  #heard = false;
  #doubt: { readonly handle: TimerHandle } | undefined;
  #isStopped = false;

  constructor(options: TreeWatchOptions) {
    this.#options = options;
  }

  /**
   * Watches the items' folders that are not watched yet. True: every change from here on is told. Never rejects;
   * to be called before each pass, so that what happens before the watch begins is found by the pass.
   */
  async cover(items: ClusterItems): Promise<boolean> {
    const folders = outermost(Object.keys(items.files));
    for (const folder of folders) if (!this.#watched.has(folder)) await this.#watch(folder);
    return this.#isTrusted && folders.every((folder) => this.#watched.has(folder));
  }

  /** A pass has ended. `isFirst`: there was none before, so that its changes are no news. */
  passed(changed: boolean, isFirst: boolean): void {
    if (changed && !isFirst && !this.#heard && this.#doubt === undefined) {
      const handle = this.#options.clock.setTimeout(() => {
        this.#doubt = undefined;
        this.#distrust();
      }, LATEST_NEWS);
      this.#doubt = { handle };
    }
    this.#heard = false;
  }

  /** Ends all watches. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#believe();
    const ends = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.allSettled(ends.map((end) => end()));
  }

  async #watch(folder: string): Promise<void> {
    const { root, watchFolder, onTrouble } = this.#options;
    try {
      const end = await watchFolder(join(root, folder), {
        onChange: () => {
          this.#hear();
        },
        onLost: (error) => {
          if (!this.#watched.delete(folder)) return;
          onTrouble(`Changes below ${folder} are told no more: ${error.message}`);
        },
      });
      if (this.#isStopped) await end();
      else this.#watched.set(folder, end);
      this.#troubled.delete(folder);
    } catch (error) {
      // A folder that is not there is nothing to complain of: it may come.
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || this.#troubled.has(folder)) return;
      this.#troubled.add(folder);
      onTrouble(`Changes below ${folder} can't be told at once, only at the usual interval: ${String(error)}`);
    }
  }

  #hear(): void {
    if (this.#isStopped) return;
    this.#heard = true;
    this.#believe();
    this.#options.onChange();
  }

  #believe(): void {
    if (this.#doubt !== undefined) this.#options.clock.clearTimeout(this.#doubt.handle);
    this.#doubt = undefined;
  }

  #distrust(): void {
    if (!this.#isTrusted) return;
    this.#isTrusted = false;
    this.#options.onTrouble("Files have changed without the system's telling so: they are looked at in the usual interval.");
  }
}

/** Folders that are in no other one of these, without their trailing slashes. */
function outermost(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => !keys.some((other) => other !== key && key.startsWith(other))).map((key) => key.slice(0, -1));
}
