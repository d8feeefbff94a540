import type { FileProblem } from "../../../workers/jobs.js";
import type { Disk, FileStatus } from "../Disk.js";
import { FileFault, fileProblem } from "../fileProblem.js";

/** A file could not be read, or changed meanwhile: the fault is that file's alone. */
export class SourceFault extends Error {
  constructor(
    readonly problem: FileProblem,
    cause: unknown,
  ) {
    super(problem.message, { cause });
  }
}

/** One open file that goes into an archive. Each of its calls throws a SourceFault and nothing else. */
export class SourceFile {
  readonly size: number;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #modTime: number;

  /**
   * Opens a regular file; a link is not followed.
   *
   * @param path relative to the node's root, for the problem
   * @param file absolute
   */
  constructor(disk: Disk, path: string, file: string) {
    this.#disk = disk;
    this.#path = path;
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = disk.constants;
    this.#descriptor = this.#guarded(() => disk.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    try {
      const status = this.#status();
      if (!status.isFile()) throw this.#fault(new FileFault("EINVAL", "it is no regular file"));
      this.size = status.size;
      this.#modTime = status.mtimeMs;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Fills `target` with the file's next bytes. */
  readFully(target: Uint8Array): void {
    let filled = 0;
    while (filled < target.length) {
      const read = this.#guarded(() => this.#disk.readSync(this.#descriptor, target, filled, target.length - filled, null));
      if (read === 0) throw this.#changed();
      filled += read;
    }
  }

  /** To be called when all was read: the file must be what it was when it was opened. */
  requireUnchanged(): void {
    const { size, mtimeMs } = this.#status();
    if (size !== this.size || mtimeMs !== this.#modTime) throw this.#changed();
  }

  close(): void {
    this.#disk.closeSync(this.#descriptor);
  }

  #status(): FileStatus {
    return this.#guarded(() => this.#disk.fstatSync(this.#descriptor));
  }

  #changed(): SourceFault {
    return this.#fault(new FileFault("EAGAIN", "it changed while it was packed; the next round sends it"));
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #fault(error: unknown): SourceFault {
    return new SourceFault(fileProblem(this.#path, error), error);
  }
}
