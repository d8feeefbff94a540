import type { FileVersion } from "../../../workers/jobs.js";
/**
 * Group files of a worker that the master can't take, because it does not know their agents. They
 * are reported once, and left out of later rounds until the file or the master's keys change
 * (quality.md 3): else every round would be a full synchronisation.
 */
export class SettledGroups {
  /** Path → hash of the file when it was refused. */
  readonly #refused = new Map<string, string>();
  #keysHash = "";

  /** Notes files as refused. Returns those that are new, to be reported. */
  refuse(files: readonly FileVersion[]): readonly string[] {
    const news = files.filter(({ path, hash }) => this.#refused.get(path) !== hash);
    for (const { path, hash } of files) this.#refused.set(path, hash);
    return news.map(({ path }) => path);
  }

  /** What is to be left out while the master's client.keys has this hash. */
  list(keysHash: string): readonly FileVersion[] {
    if (keysHash !== this.#keysHash) {
      this.#keysHash = keysHash;
      this.#refused.clear();
    }
    return [...this.#refused].map(([path, hash]) => ({ path, hash }));
  }
}

/** Of every worker, by its name: it outlives the worker's connections. */
export class SettledByNode {
  readonly #settled = new Map<string, SettledGroups>();

  of(nodeName: string): SettledGroups {
    const settled = this.#settled.get(nodeName) ?? new SettledGroups();
    this.#settled.set(nodeName, settled);
    return settled;
  }
}
