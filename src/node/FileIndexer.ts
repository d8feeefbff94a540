import type { IndexOutcome } from "../../machines/integrityIndexer.js";
import { FileIndex } from "../integrity/FileIndex.js";
import type { FileProblem, NodeScope } from "../../workers/jobs.js";
import { inParallel } from "./inParallel.js";
import type { JobPool } from "./ports/JobPool.js";

/** The node's own index, as jobs read it: never changed once it is published. */
export interface PublishedIndex {
  readonly buffer: SharedArrayBuffer;
  readonly version: number;
  readonly files: number;
}

export interface FileIndexerOptions {
  readonly pool: JobPool;
  readonly scope: NodeScope;
  /** Hears of a file that has to be left out; once, until the same file is well again. */
  readonly onProblem: (problem: FileProblem) => void;
}

/** Batches that wait for a thread or are hashed at a time: enough to keep the threads busy, few enough to leave room for others. */
const BATCHES_AT_ONCE = 8;

/** The items of which the rules are made that analysisd loads (dialects.md 1.10). */
const RULESET_ITEMS: ReadonlySet<string> = new Set(["etc/decoders/", "etc/rules/", "etc/lists/"]);

/** Keeps the node's index: one pass walks the tree and hashes what is new, on the pool's threads. */
export class FileIndexer {
  readonly #options: FileIndexerOptions;
  #current: PublishedIndex | undefined;
  /** Of the last index that was published, forgotten or not: results that are kept by it must never meet another one. */
  #version = 0;
  #known = new Set<string>();

  constructor(options: FileIndexerOptions) {
    this.#options = options;
  }

  /** The index of the last pass; undefined before the first one. */
  get current(): PublishedIndex | undefined {
    return this.#current;
  }

  /** The hash of one file in the published index; undefined when it is not there. */
  hashOf(path: string): string | undefined {
    return this.#current === undefined ? undefined : new FileIndex(this.#current.buffer).find(path)?.hash;
  }

  /** The hashes of rules, decoders and lists in the published index, by their paths; none before the first pass. */
  rulesetHashes(): Readonly<Record<string, string>> {
    if (this.#current === undefined) return {};
    const entries = [...new FileIndex(this.#current.buffer).entries()].filter(({ itemKey }) => RULESET_ITEMS.has(itemKey));
    return Object.fromEntries(entries.map(({ path, hash }) => [path, hash]));
  }

  /** Walks and hashes the tree, and publishes the index. Files in trouble are left out and told once. */
  async refresh(signal: AbortSignal): Promise<IndexOutcome> {
    for (;;) {
      const { dialect, items } = this.#options.scope;
      const outcome = await this.#pass({ ...this.#options.scope }, signal);
      if (outcome !== undefined && dialect === this.#options.scope.dialect && items === this.#options.scope.items) return outcome;
    }
  }

  /** What was indexed under another dialect is void: its hashes are others. */
  forget(): void {
    this.#current = undefined;
  }

  /** One pass; undefined when the index was forgotten meanwhile. */
  async #pass(scope: NodeScope, signal: AbortSignal): Promise<IndexOutcome | undefined> {
    const { pool } = this.#options;
    const previous = this.#current;
    const walked = await pool.run<"walk">(
      { kind: "walk", scope, ...(previous === undefined ? {} : { previous: previous.buffer }) },
      { signal },
    );
    if (!walked.changed && previous !== undefined) {
      this.#tell(walked.problems);
      return { version: previous.version, files: previous.files, hashed: 0, problems: walked.problems.length, changed: false };
    }
    const { draft } = walked;
    const hashes = await inParallel(walked.batches, BATCHES_AT_ONCE, ([from, to]) =>
      pool.run<"hash">({ kind: "hash", scope, draft, from, to }, { signal }),
    );
    if (scope.dialect !== this.#options.scope.dialect) return undefined;
    const problems = [...walked.problems, ...hashes.flatMap((result) => result.problems)];
    const files = walked.files - hashes.reduce((sum, result) => sum + result.problems.length, 0);
    this.#version += 1;
    const version = this.#version;
    this.#current = { buffer: draft, version, files };
    this.#tell(problems);
    return { version, files, hashed: walked.toHash, problems: problems.length, changed: true };
  }

  #tell(problems: readonly FileProblem[]): void {
    const seen = new Set<string>();
    for (const problem of problems) {
      const key = `${problem.path}\n${problem.code}`;
      seen.add(key);
      if (!this.#known.has(key)) this.#options.onProblem(problem);
    }
    this.#known = seen;
  }
}
