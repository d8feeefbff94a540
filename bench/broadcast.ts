import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRow } from "./BenchRow.js";
import { BenchNode, freePort, startMaster, withNodes } from "./support/BenchNode.js";
import { Fleet } from "./support/Fleet.js";
import { copyTree, fillTree, pathsOf, withFolder } from "./support/trees.js";

const WORKERS = 25;
const FILES = 4_400;
/** Milliseconds between two looks for archives. */
const LOOK = 4;

/** 25 simulated workers that miss the same 4,400 files at the same moment. The limit: an archive (`tar`) of these for each, one after the other. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const work = `${String(WORKERS)} workers × ${FILES.toLocaleString("en-US")} new files at once`;
  if (!wanted(work)) return [];
  return await withFolder(async (folder) => {
    const port = await freePort();
    const master = await BenchNode.make({ folder, name: "m1", type: "master", port });
    await fillTree(master.root, pathsOf(FILES));
    const limit = WORKERS * (await copyTree(join(master.root, "etc/lists"), join(folder, "copy")));
    return await withNodes([master], async () => {
      await startMaster(master, FILES);
      const fleet = await Fleet.make(join(folder, "fleet"), port);
      const workers = await fleet.join(WORKERS);
      const index = await fleet.packIndex();
      await master.pauses();
      const archives = new ArchiveCount(join(master.root, "queue/cluster"));
      archives.start();
      const began = performance.now();
      const ends = await Promise.all(workers.map((worker) => worker.round(index)));
      const seconds = (performance.now() - began) / 1000;
      const made = await archives.stop();
      if (ends.some((end) => end !== "archive")) throw new Error(`not every worker got its files: ${ends.join(", ")}`);
      const pauses = await master.pauses();
      const { peak } = await master.memory();
      await fleet.close();
      return [
        { what: work, figure: seconds, limit, unit: "s" },
        { what: `${work}: archives that were packed`, figure: made, unit: "", goal: { most: 1 } },
        { what: `${work}: memory of the master`, figure: peak, unit: "MiB", goal: { most: 300 } },
        { what: `${work}: pause of the master's main thread, p99`, figure: pauses.p99, unit: "ms", goal: { most: 20 } },
        { what: `${work}: pause of the master's main thread, longest`, figure: pauses.longest, unit: "ms", goal: { most: 50 } },
      ];
    });
  });
}

/** Counts the different archives with content that a master makes: files of more than a MiB in its transfer folders, by inode. */
class ArchiveCount {
  readonly #folder: string;
  readonly #inodes = new Set<number>();
  #runs = false;
  #loop: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  start(): void {
    this.#runs = true;
    this.#loop = this.#look();
  }

  async stop(): Promise<number> {
    this.#runs = false;
    await this.#loop;
    return this.#inodes.size;
  }

  async #look(): Promise<void> {
    while (this.#runs) {
      for (const { parentPath, name } of await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
        const status = await stat(join(parentPath, name)).catch(() => undefined);
        if (status?.isFile() === true && status.size > 1024 * 1024) this.#inodes.add(status.ino);
      }
      await sleep(LOOK);
    }
  }
}
