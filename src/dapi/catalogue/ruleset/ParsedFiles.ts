import type { NodeFiles } from "../../CatalogueFunction.js";

/** How much is kept of what was parsed. */
export interface ParsedFilesLimits {
  /** @default 4096 */
  readonly mostFiles?: number;
  /** Sum of the kept files' sizes on disk. @default 64 MiB */
  readonly mostBytes?: number;
  /** Largest file that is read at all. @default 16 MiB */
  readonly largestFile?: number;
}

/** How a kind of file is parsed. One object for each kind: it is part of the cache's key. */
export interface FileParser<Parsed> {
  readonly kind: string;
  /** What it throws is kept like a result: the same file would fail again. */
  parse(text: string, pause: () => Promise<void>): Promise<Parsed> | Parsed;
}

interface Entry {
  readonly size: number;
  readonly modified: number;
  readonly outcome: Promise<Outcome>;
}

type Outcome = { readonly value: unknown } | { readonly fault: unknown };

/** A file larger than is read. */
export class FileTooLargeError extends Error {
  override readonly name = "FileTooLargeError";
}

/**
 * Files of the node, parsed, and kept until their size or time of change differs. Bounded: the file that was not
 * asked for the longest leaves first. Composition makes one for all functions.
 */
export class ParsedFiles {
  private readonly pause: () => Promise<void>;
  private readonly limits: Required<ParsedFilesLimits>;
  /** In the order of their last use. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  /** @param pause lets others run: called between files and between the pieces of a large one */
  constructor(pause: () => Promise<void>, limits: ParsedFilesLimits = {}) {
    this.pause = pause;
    this.limits = { mostFiles: 4096, mostBytes: 64 * 1024 * 1024, largestFile: 16 * 1024 * 1024, ...limits };
  }

  /** Files that are kept now, and the sum of their sizes in bytes. */
  get kept(): { readonly files: number; readonly bytes: number } {
    return { files: this.entries.size, bytes: this.bytes };
  }

  /**
   * A file's parsed contents; shared, so nobody may change them.
   *
   * @throws the system's error when it can't be read (ENOENT when it is not there), FileTooLargeError, or what the
   *   parser threw
   */
  async read<Parsed>(files: NodeFiles, path: string, parser: FileParser<Parsed>): Promise<Parsed> {
    const status = await files.stat(path);
    if (status === undefined) throw Object.assign(new Error(`${path} does not exist`), { code: "ENOENT" });
    const { size } = status;
    const modified = status.modified.getTime();
    if (size > this.limits.largestFile) {
      throw new FileTooLargeError(`${path} has ${size} bytes; at most ${this.limits.largestFile} are read`);
    }
    const key = `${parser.kind}:${path}`;
    const known = this.entries.get(key);
    if (known !== undefined) this.drop(key, known);
    const isCurrent = known !== undefined && known.size === size && known.modified === modified;
    const entry = isCurrent ? known : { size, modified, outcome: this.load(files, path, parser) };
    this.keep(key, entry);
    const outcome = await entry.outcome.catch((error: unknown) => {
      // It could not be read: nothing is known of its contents, so the next one tries again.
      if (this.entries.get(key) === entry) this.drop(key, entry);
      throw error;
    });
    if ("fault" in outcome) throw outcome.fault;
    return outcome.value as Parsed;
  }

  private async load(files: NodeFiles, path: string, parser: FileParser<unknown>): Promise<Outcome> {
    const text = await files.readText(path, { maxBytes: this.limits.largestFile });
    // Several files may have arrived at once: others run between them.
    await this.pause();
    try {
      return { value: await parser.parse(text, this.pause) };
    } catch (fault) {
      return { fault };
    }
  }

  private keep(key: string, entry: Entry): void {
    this.entries.set(key, entry);
    this.bytes += entry.size;
    for (const [oldest, old] of this.entries) {
      if (this.entries.size <= this.limits.mostFiles && this.bytes <= this.limits.mostBytes) return;
      this.drop(oldest, old);
    }
  }

  private drop(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.bytes -= entry.size;
  }
}
