import { DEFAULT_LIMITS } from "../src/config/Limits.js";
import { defaultClusterItems } from "../src/config/defaultClusterItems.js";
import { FileIndex } from "../src/integrity/FileIndex.js";
import { FileIndexBuilder } from "../src/integrity/FileIndexBuilder.js";
import { FileIndexer } from "../src/node/FileIndexer.js";
import { ThreadPool } from "../src/node/ports/ThreadPool.js";
import { zip43 } from "../src/protocol/dialects/zip43.js";
import type { NodeScope } from "../workers/jobs.js";
import type { BenchRow } from "./BenchRow.js";
import { fillTree, pathsOf, readAndHash, statLoop, withFolder } from "./support/trees.js";

const FILES = 50_000;
const REPEATS = 5;
/** Every so many files another content. */
const DIFFERENCES = 100;

/** A tree's index, anew and unchanged, and the comparison of two. The limits: plain loops on one thread, their content in the page cache as well. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const work = { cold: "index of 50,000 files of 4 KiB, cold", unchanged: "the same index, unchanged", compare: "two indexes of 50,000 files compared" };
  if (!Object.values(work).some(wanted)) return [];
  const pool = new ThreadPool({ threads: 2 });
  try {
    return await withFolder(async (root) => {
      const paths = pathsOf(FILES);
      await fillTree(root, paths);
      const scope: NodeScope = { root, nodeName: "bench", items: defaultClusterItems(), dialect: zip43, limits: DEFAULT_LIMITS };
      const newIndexer = (): FileIndexer => new FileIndexer({ pool, scope, onProblem: () => undefined });
      const refresh = async (indexer: FileIndexer, hashed: number): Promise<number> => {
        const began = performance.now();
        const outcome = await indexer.refresh(new AbortController().signal);
        if (outcome.hashed !== hashed || outcome.files !== FILES) throw new Error(`the index is another one: ${JSON.stringify(outcome)}`);
        return (performance.now() - began) / 1000;
      };
      // Both threads run, and the kernel has the files, before anything counts.
      await refresh(newIndexer(), FILES);
      const indexer = newIndexer();
      const cold: number[] = [];
      const loop: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        loop.push(readAndHash(root, paths));
        cold.push(await refresh(repeat === 0 ? indexer : newIndexer(), FILES));
      }
      const unchanged: number[] = [];
      const stats: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        stats.push(statLoop(root, paths));
        unchanged.push(await refresh(indexer, 0));
      }
      const own = indexer.current?.buffer;
      if (own === undefined) throw new Error("there is no index");
      const peer = changedIndex(new FileIndex(own));
      const compared: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        const began = performance.now();
        const { counts } = await pool.run<"compare">({ kind: "compare", scope, own, peer });
        compared.push(performance.now() - began);
        if (counts.shared !== FILES / DIFFERENCES) throw new Error(`the comparison found ${JSON.stringify(counts)}`);
      }
      return [
        { what: work.cold, figure: Math.min(...cold), limit: Math.min(...loop), unit: "s", goal: { mostOfLimit: 1 / 1.6 } },
        { what: work.unchanged, figure: Math.min(...unchanged), limit: Math.min(...stats), unit: "s", goal: { mostOfLimit: 1.5 } },
        // The first one meets a cold thread, as it may in a node.
        { what: work.compare, figure: Math.max(...compared), unit: "ms", goal: { most: 100 } },
      ];
    });
  } finally {
    await pool.close();
  }
}

function changedIndex(index: FileIndex): SharedArrayBuffer {
  const builder = new FileIndexBuilder(index.hashBytes);
  for (let slot = 0; slot < index.slots; slot += 1) {
    const { path, itemKey, hash, modTime, size } = index.at(slot);
    builder.add({ path, itemKey, modTime, size, hash: slot % DIFFERENCES === 0 ? "0".repeat(hash.length) : hash });
  }
  return builder.finish();
}
