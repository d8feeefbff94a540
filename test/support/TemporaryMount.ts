import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A small file system in memory on a folder, for tests with a full or read-only disk. Needs the superuser's rights. */
export class TemporaryMount {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param settings for `mount -o`, for example `size=1m` @returns the reason when it can't be mounted */
  static async make(folder: string, settings: string): Promise<TemporaryMount | string> {
    try {
      await run("mount", ["-t", "tmpfs", "-o", settings, "tmpfs", folder]);
      return new TemporaryMount(folder);
    } catch (error) {
      return `a tmpfs can't be mounted here: ${error instanceof Error ? error.message.trim() : String(error)}`;
    }
  }

  async change(settings: string): Promise<void> {
    await run("mount", ["-o", `remount,${settings}`, this.#folder]);
  }

  async end(): Promise<void> {
    await run("umount", ["-l", this.#folder]);
  }
}
