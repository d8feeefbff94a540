import { join } from "node:path";
import type { BenchRow } from "./BenchRow.js";
import { firstSync, requireEqual } from "./support/firstSync.js";
import { syncRows } from "./support/syncRows.js";
import { copyTree, fillTree, pathsOf, readAndHash, withFolder } from "./support/trees.js";

/** Files, and what must be reached with them: seconds, or a multiple of the limit, and MiB. */
const WORK = [
  { files: 10_000, goal: { mostOfLimit: 3 }, memory: 200 },
  { files: 50_000, goal: { most: 4 }, memory: 256 },
] as const;

/** The first synchronisation of an empty worker: three real processes on loopback. The limit: `cp -r`, and a loop that reads and hashes. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { files, goal, memory } of WORK) {
    const work = `first sync of ${files.toLocaleString("en-US")} files of 4 KiB`;
    if (!wanted(work)) continue;
    const paths = pathsOf(files);
    rows.push(
      ...(await withFolder(async (folder) => {
        let limit = NaN;
        const outcome = await firstSync({
          folder,
          files,
          fill: async (root) => {
            await fillTree(root, paths);
            const copied = await copyTree(join(root, "etc/lists"), join(folder, "copy"));
            limit = copied + readAndHash(root, paths);
          },
          check: (master, worker) => requireEqual(join(master, "etc/lists"), join(worker, "etc/lists")),
        });
        return [{ what: work, figure: outcome.seconds, limit, unit: "s", goal }, ...syncRows(work, outcome, memory)];
      })),
    );
  }
  return rows;
}
