import { join } from "node:path";
import type { NodeDisk } from "./ports/NodeDisk.js";

/** Paths that could not be removed and are tried again; beyond, the oldest is left to the node's next start. */
const MOST_LEFTOVERS = 256;

/**
 * Removes the files of transfers, and what jobs made beside them. One that can't be removed now (the disk is in
 * trouble) is tried again with every later call: it must not lie there until the node is started anew.
 */
export class Leftovers {
  readonly #disk: NodeDisk;
  readonly #root: string;
  /** Relative to root, the oldest first. */
  readonly #kept = new Set<string>();

  constructor(disk: NodeDisk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** A file of this path is made anew: it is no leftover any more. */
  forget(path: string): void {
    this.#kept.delete(path);
  }

  /** Removes files, relative to root, and the folders that were unpacked from them. @throws the first error of these */
  async remove(paths: readonly string[]): Promise<void> {
    const failures: unknown[] = [];
    const wanted = new Set(paths);
    for (const path of new Set([...wanted, ...this.#kept])) {
      try {
        await this.#removeOne(path);
        this.#kept.delete(path);
      } catch (error) {
        this.#keep(path);
        if (wanted.has(path)) failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #removeOne(path: string): Promise<void> {
    const absolute = join(this.#root, path);
    // Beside the archive: what a job that was killed had begun of it, and the folder that it was unpacked to.
    for (const name of [absolute, `${absolute}.tmp`, `${absolute}.merged`, `${absolute}dir`]) await this.#disk.removeTree(name);
  }

  #keep(path: string): void {
    this.#kept.add(path);
    const [oldest] = this.#kept;
    if (this.#kept.size > MOST_LEFTOVERS && oldest !== undefined) this.#kept.delete(oldest);
  }
}
