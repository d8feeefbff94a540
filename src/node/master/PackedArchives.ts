import { join } from "node:path";
import type { PackDifferenceResult } from "../../../workers/jobs.js";
import { abortable } from "../../protocol/transfer/RequestSender.js";
import type { NodeDisk } from "../ports/NodeDisk.js";

/** Archives that are remembered; beyond, the oldest is forgotten and packed again when it is wanted. */
const KNOWN_ARCHIVES = 16;

interface PackedArchive {
  /** Relative to root: in a folder to which that worker may write, so that another file may have taken its name. */
  readonly path: string;
  readonly identity: string;
  readonly result: PackDifferenceResult;
}

/** What is wanted of an archive. */
export interface ArchiveWish {
  /** What it is to hold (`CompareResult.content`); null when no other worker's could be the same. */
  readonly content: string | null;
  /** Where it is to stand, relative to root. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Packs it there. */
  readonly pack: () => Promise<PackDifferenceResult>;
}

/**
 * The master's archives by what they hold: workers that miss the same files at the same time get the same bytes. Each has
 * a name of its own for them (a hard link), which goes with its connection like any archive.
 */
export class PackedArchives {
  readonly #disk: NodeDisk;
  readonly #root: string;
  readonly #known = new Map<string, Promise<PackedArchive>>();

  constructor(disk: NodeDisk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Rejects as `pack` does, and with the signal's reason. */
  async take(wish: ArchiveWish): Promise<PackDifferenceResult> {
    const { content, path, signal, pack } = wish;
    if (content === null) return pack();
    for (let known = this.#known.get(content); known !== undefined; known = this.#known.get(content)) {
      const packed = await abortable(known.catch(() => undefined), signal);
      if (packed !== undefined && (await this.#link(packed, path))) return packed.result;
      // It was given up, or is gone already. Whoever comes first packs it anew.
      if (this.#known.get(content) === known) this.#known.delete(content);
    }
    const packing = pack().then(async (result) => ({ path, identity: await this.#disk.identity(join(this.#root, path)), result }));
    this.#remember(content, packing);
    return (await packing).result;
  }

  /** False when the archive is gone, or its name is another file's. */
  async #link({ path, identity }: PackedArchive, wanted: string): Promise<boolean> {
    const created = join(this.#root, wanted);
    try {
      await this.#disk.link(join(this.#root, path), created);
    } catch {
      return false;
    }
    if ((await this.#disk.identity(created)) === identity) return true;
    await this.#disk.removeFile(created);
    return false;
  }

  #remember(content: string, packing: Promise<PackedArchive>): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN_ARCHIVES && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(content, packing);
  }
}
