import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterKeys } from "./ClusterKeys.js";

/** Where a running node tells which keys it and its peers use, relative to the root. */
export const KEY_STATUS_FILE = "var/run/muster-keys.json";
const FILE_MODE = 0o640;

/** What `muster key` reads of a running node: fingerprints, never keys. */
export interface KeyStatus {
  readonly pid: number;
  /** The one for sending first. */
  readonly accepted: readonly string[];
  /** The key that each connected peer sealed its last message with; the master's is under `master`. */
  readonly peers: Readonly<Record<string, string>>;
  /** On a worker: the key for sending that the master is known to open; null: not known yet. */
  readonly proven: string | null;
}

export interface KeyStatusOptions {
  readonly root: string;
  readonly pid: number;
  readonly keys: ClusterKeys;
  readonly peerKeys: () => Readonly<Record<string, string>>;
  readonly onTrouble: (error: Error) => void;
}

/** Keeps `var/run/muster-keys.json` in step with the node's keys, one write at a time. */
export class KeyStatusFile {
  readonly #options: KeyStatusOptions;
  readonly #path: string;
  #proven: string | null = null;
  #isStale = false;
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #written = "";

  constructor(options: KeyStatusOptions) {
    this.#options = options;
    this.#path = join(options.root, KEY_STATUS_FILE);
    options.keys.watch(() => {
      this.#changed();
    });
    this.#changed();
  }

  /** The master has opened a message that was sealed with this key. */
  proved(fingerprint: string): void {
    this.#proven = fingerprint;
    this.#changed();
  }

  /** Removes the file: nobody speaks for the node any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  #changed(): void {
    this.#isStale = true;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Also what happens in the same turn is told.
    await Promise.resolve();
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      const { pid, keys, peerKeys } = this.#options;
      const [sealing = ""] = keys.fingerprints;
      const proven = this.#proven === sealing ? sealing : null;
      const status: KeyStatus = { pid, accepted: keys.fingerprints, peers: peerKeys(), proven };
      const text = `${JSON.stringify(status)}\n`;
      if (text === this.#written) continue;
      try {
        await writeFile(`${this.#path}.tmp`, text, { mode: FILE_MODE });
        await rename(`${this.#path}.tmp`, this.#path);
        this.#written = text;
      } catch (error) {
        this.#options.onTrouble(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#writing = undefined;
  }
}
