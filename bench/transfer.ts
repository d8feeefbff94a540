import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { encryptToken, FernetKey } from "../src/protocol/fernet.js";
import type { BenchRow } from "./BenchRow.js";
import { BENCH_KEY } from "./support/BenchNode.js";
import { firstSync, requireEqual } from "./support/firstSync.js";
import { syncRows } from "./support/syncRows.js";
import { withFolder, writeLarge } from "./support/trees.js";

const MIB = 1024 * 1024;
const WORK = [
  { mebibytes: 100, memory: undefined },
  { mebibytes: 500, memory: 256 },
  { mebibytes: 1024, memory: 256 },
] as const;
/** What is encrypted at once, as in a transfer. */
const PIECE = 512 * 1024;

/** One large file to an empty worker. The limit: encrypting as much on one thread. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { mebibytes, memory } of WORK) {
    const work = `one file of ${String(mebibytes)} MiB`;
    if (!wanted(work)) continue;
    rows.push(
      ...(await withFolder(async (folder) => {
        const limit = encryptionRate();
        const outcome = await firstSync({
          folder,
          files: 1,
          fill: (root) => writeLarge(join(root, "etc/lists/large"), mebibytes * MIB),
          check: (master, worker) => requireEqual(join(master, "etc/lists/large"), join(worker, "etc/lists/large")),
        });
        const speed: BenchRow = { what: work, figure: mebibytes / outcome.seconds, limit, unit: "MiB/s", goal: { leastOfLimit: 0.5 } };
        return [speed, ...syncRows(work, outcome, memory)];
      })),
    );
  }
  return rows;
}

/** MiB a second of Fernet encryption on one thread. */
function encryptionRate(): number {
  const key = FernetKey.fromClusterKey(BENCH_KEY);
  const piece = randomBytes(PIECE);
  const iv = randomBytes(16);
  const began = performance.now();
  let bytes = 0;
  for (; performance.now() - began < 1_000; bytes += PIECE) encryptToken(key, piece, 0, iv);
  return (bytes / MIB / (performance.now() - began)) * 1000;
}
