import { open, type FileHandle } from "node:fs/promises";

const PIECE_BYTES = 64 * 1024;

/** Follows a file that grows, line by line. */
export class LineTail {
  readonly #path: string;
  #file: FileHandle | undefined;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that were added since the last call; none while there is no file. */
  async read(): Promise<readonly string[]> {
    this.#file ??= await open(this.#path, "r").catch(() => undefined);
    if (this.#file === undefined) return [];
    const buffer = Buffer.alloc(PIECE_BYTES);
    const lines: string[] = [];
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return lines;
      const parts = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = parts.pop() ?? "";
      lines.push(...parts);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
