import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { LogDestination } from "./LogDestination.js";
import { openLogFile } from "./LogDestination.js";

/** When a log file is put aside, and how many of those are kept. */
export interface RotationRules {
  /** A new file every midnight, local time. */
  readonly daily: boolean;
  /** A new file before this one would become larger. */
  readonly bytes: number;
  /** Compressed files that are kept. */
  readonly keep: number;
}

export interface RotatingLogFileOptions {
  /** `<root>/logs/cluster.log` */
  readonly path: string;
  readonly rules: RotationRules;
  /** Milliseconds since the Unix epoch. */
  readonly wallTime: () => number;
  /** Compression failed, or old files can't be removed; lines are written nevertheless. */
  readonly onTrouble: (error: Error) => void;
}

/** The mode of compressed logs, and of their folders (dapi.md 4.5). */
const ARCHIVE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
/** A file that was put aside and is not compressed yet: the log's name, and the time of its last line. */
const ASIDE = /^cluster\.log\.(\d{13,})$/;

/**
 * A log file that is put aside at midnight and when it is large, compressed into
 * `logs/cluster/<year>/<month>/cluster-<day>.log.gz` as the reference does it (dapi.md 4.5); a second one of a day gets
 * a number. What a crash left uncompressed is compressed at the next start.
 */
export class RotatingLogFile implements LogDestination {
  readonly #options: RotatingLogFileOptions;
  #file: LogDestination;
  #bytes: number;
  /** The day that the file's lines are of, as `YYYY-MM-DD`. */
  #day: string;
  /** Compressions run one after the other, beside the writing. */
  #archiving: Promise<void> = Promise.resolve();
  #isReopening = false;

  private constructor(options: RotatingLogFileOptions, file: LogDestination, bytes: number, day: string) {
    this.#options = options;
    this.#file = file;
    this.#bytes = bytes;
    this.#day = day;
  }

  /** @throws a system error when the file can't be opened */
  static async open(options: RotatingLogFileOptions): Promise<RotatingLogFile> {
    const { path, wallTime } = options;
    const before = await stat(path).catch(() => undefined);
    const file = await openLogFile(path);
    const isEmpty = before === undefined || before.size === 0;
    const day = dayOf(isEmpty ? wallTime() : before.mtimeMs);
    const opened = new RotatingLogFile(options, file, before?.size ?? 0, day);
    for (const name of await readdir(dirname(path)).catch(() => [])) {
      if (ASIDE.test(name)) opened.#archive(join(dirname(path), name));
    }
    return opened;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { rules, wallTime } = this.#options;
    const today = dayOf(wallTime());
    if (this.#isReopening) await this.#reopen();
    const isFull = this.#bytes > 0 && this.#bytes + bytes.length > rules.bytes;
    if (isFull || (rules.daily && today !== this.#day && this.#bytes > 0)) await this.#rotate();
    this.#day = today;
    const written = await this.#file.write(bytes);
    this.#bytes += written;
    return written;
  }

  writeSync(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  /** Opens the file anew before the next line: somebody else has put it aside. */
  reopen(): void {
    this.#isReopening = true;
  }

  /** Waits for the compressions that were begun. */
  async close(): Promise<void> {
    await this.#archiving;
    await this.#file.close();
  }

  async #reopen(): Promise<void> {
    const { path } = this.#options;
    const file = await openLogFile(path);
    await this.#file.close().catch(() => undefined);
    this.#file = file;
    this.#bytes = (await stat(path)).size;
    this.#isReopening = false;
  }

  /** A file that can't be put aside is written on: a log that is too large is better than none. */
  async #rotate(): Promise<void> {
    const { path, onTrouble, wallTime } = this.#options;
    const last = await stat(path).catch(() => undefined);
    const aside = `${path}.${String(Math.trunc(last?.mtimeMs ?? wallTime()))}`;
    try {
      await rename(path, aside);
      await this.#reopen();
    } catch (error) {
      onTrouble(asError(error));
      return;
    }
    this.#archive(aside);
  }

  #archive(aside: string): void {
    this.#archiving = this.#archiving.then(() => this.#compress(aside)).catch((error: unknown) => {
      this.#options.onTrouble(asError(error));
    });
  }

  async #compress(aside: string): Promise<void> {
    const time = new Date(Number(ASIDE.exec(aside.slice(dirname(aside).length + 1))?.[1] ?? this.#options.wallTime()));
    const archives = join(dirname(this.#options.path), "cluster");
    const folder = join(archives, String(time.getFullYear()), MONTHS[time.getMonth()] ?? "");
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const target = await freeName(folder, String(time.getDate()).padStart(2, "0"));
    await pipeline(createReadStream(aside), createGzip(), createWriteStream(`${target}.tmp`, { mode: ARCHIVE_MODE }));
    await chmod(`${target}.tmp`, ARCHIVE_MODE);
    await rename(`${target}.tmp`, target);
    await rm(aside);
    await this.#removeOldest(archives);
  }

  async #removeOldest(archives: string): Promise<void> {
    const names = (await readdir(archives, { recursive: true })).filter((name) => /\/cluster-[\d-]+\.log\.gz$/.test(name));
    const dated = await Promise.all(names.map(async (name) => ({ path: join(archives, name), time: (await stat(join(archives, name))).mtimeMs })));
    dated.sort((left, right) => right.time - left.time || (left.path < right.path ? 1 : -1));
    for (const { path } of dated.slice(this.#options.rules.keep)) await rm(path, { force: true });
  }
}

/** `cluster-DD.log.gz`, or with the first number that is free: `cluster-DD-001.log.gz`. */
async function freeName(folder: string, day: string): Promise<string> {
  const taken = new Set(await readdir(folder));
  for (let number = 0; ; number += 1) {
    const name = `cluster-${day}${number === 0 ? "" : `-${String(number).padStart(3, "0")}`}.log.gz`;
    if (!taken.has(name)) return join(folder, name);
  }
}

function dayOf(milliseconds: number): string {
  const time = new Date(milliseconds);
  return `${String(time.getFullYear())}-${String(time.getMonth() + 1)}-${String(time.getDate())}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
