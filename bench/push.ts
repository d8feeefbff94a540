import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRow } from "./BenchRow.js";
import { BenchNode, freePort, startMaster, withNodes } from "./support/BenchNode.js";
import { percentile } from "./support/statistics.js";
import { withFolder } from "./support/trees.js";
import { hostWorkers } from "./support/workerHost.js";

const WORKERS = 50;
const CHANGES = 8;
/** Milliseconds between two changes, so that they fall anywhere between two rounds. */
const GAP = 2_700;
const LONGEST = 60_000;
const FILE = "etc/lists/watched";

/** A change on the master until it is on all of 50 real workers (in one process), with the default intervals. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const work = `a change on the master until it is on ${String(WORKERS)} workers`;
  if (!wanted(work)) return [];
  return await withFolder(async (folder) => {
    const port = await freePort();
    const master = await BenchNode.make({ folder, name: "m1", type: "master", port });
    const roots = Array.from({ length: WORKERS }, (_, at) => join(folder, `w${String(at + 1)}`));
    for (const root of [master.root, ...roots]) {
      await mkdir(join(root, "etc/lists"), { recursive: true });
      await writeFile(join(root, FILE), "change 0", { mode: 0o660 });
    }
    return await withNodes([master], async () => {
      await startMaster(master, 1);
      const host = await hostWorkers({ port, roots });
      try {
        // The first change waits until all have joined; it does not count.
        const times = await Promise.all(await oneChange(master.root, roots, 0));
        times.length = 0;
        for (let change = 1; change <= CHANGES; change += 1) {
          await sleep(GAP);
          times.push(...(await Promise.all(await oneChange(master.root, roots, change))));
        }
        return [
          { what: `${work}, p95`, figure: percentile(times, 0.95), unit: "s", goal: { most: 1 } },
          { what: `${work}, median`, figure: percentile(times, 0.5), unit: "s" },
          { what: `${work}, longest`, figure: Math.max(...times), unit: "s" },
        ];
      } finally {
        const gone = once(host, "exit");
        host.disconnect();
        await gone;
      }
    });
  });
}

/** Changes the file, and gives for each worker the seconds until it has it. */
async function oneChange(master: string, roots: readonly string[], change: number): Promise<readonly Promise<number>[]> {
  const content = `changed ${String(change)} times`;
  const arrivals = roots.map((root) => arrival(root, content));
  const began = performance.now();
  await writeFile(join(master, FILE), content);
  return arrivals.map(async (arrived) => ((await arrived) - began) / 1000);
}

/** The moment at which the worker's file has this content. */
function arrival(root: string, content: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const watcher = watch(join(root, "etc/lists"), () => {
      void look();
    });
    const late = setTimeout(() => {
      watcher.close();
      reject(new Error(`${root} did not get the change within ${String(LONGEST)} ms`));
    }, LONGEST);
    const look = async (): Promise<void> => {
      const at = performance.now();
      if ((await readFile(join(root, FILE), "utf8").catch(() => "")) !== content) return;
      clearTimeout(late);
      watcher.close();
      resolve(at);
    };
  });
}
