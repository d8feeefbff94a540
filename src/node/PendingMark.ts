import { systemCodeOf } from "../integrity/systemCode.js";
import type { NodeDisk } from "./ports/NodeDisk.js";

const MODE = 0o600;

/**
 * An empty file that stands while something is under way that must not be lost when the process is killed. A disk that
 * takes no mark stops nothing: then only such a kill loses it.
 */
export class PendingMark {
  readonly #disk: NodeDisk;
  readonly #path: string;
  #isSet = false;
  #isLookedFor = false;

  /** @param path absolute; its folder exists */
  constructor(disk: NodeDisk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Did an earlier process leave the mark, and was it not removed since? In doubt it did. */
  async isFromEarlierLife(): Promise<boolean> {
    if (this.#isLookedFor) return false;
    try {
      await this.#disk.size(this.#path);
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") {
        this.#isLookedFor = true;
        return false;
      }
    }
    return true;
  }

  /** Sets the mark; an earlier process's is this one's from here on. */
  async set(): Promise<void> {
    this.#isLookedFor = true;
    if (this.#isSet) return;
    this.#isSet = true;
    try {
      await (await this.#disk.create(this.#path, MODE)).close();
    } catch {
      // It is there already, or the disk takes none.
    }
  }

  async remove(): Promise<void> {
    if (!this.#isSet) return;
    this.#isSet = false;
    await this.#disk.removeFile(this.#path).catch(() => undefined);
  }
}
