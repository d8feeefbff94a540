import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRow } from "./BenchRow.js";
import { BenchNode, freePort, startMaster, withNodes } from "./support/BenchNode.js";
import { Fleet } from "./support/Fleet.js";
import type { FleetWorker, PackedIndex, RoundEnd } from "./support/FleetWorker.js";
import { copyTree, fillTree, pathsOf, withFolder } from "./support/trees.js";

const FILES = 5_000;
const MISSING = 500;
const KEEPALIVE = 60_000;
/** Milliseconds over which an idle master's processor time is counted: a whole keepalive interval would take too long. */
const IDLE = 10_000;

/** Many simulated workers in this process against a real master process. They share its two cores: part of the time is theirs. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  if (wanted("200 workers with 5,000 files")) rows.push(...(await withFleet(200, measure200)));
  if (wanted("1,000 workers with 5,000 files")) rows.push(...(await withFleet(1_000, measure1000)));
  return rows;
}

interface Setting {
  readonly master: BenchNode;
  readonly fleet: Fleet;
  /** All the files that the master has. */
  readonly index: PackedIndex;
}

async function withFleet(count: number, work: (setting: Setting) => Promise<readonly BenchRow[]>): Promise<readonly BenchRow[]> {
  return await withFolder(async (folder) => {
    const port = await freePort();
    const master = await BenchNode.make({ folder, name: "m1", type: "master", port });
    await fillTree(master.root, pathsOf(FILES));
    const fleet = await Fleet.make(join(folder, "fleet"), port);
    await mkdir(join(fleet.root, "etc"));
    await copyTree(join(master.root, "etc/lists"), join(fleet.root, "etc/lists"));
    return await withNodes([master], async () => {
      await startMaster(master, FILES);
      await fleet.join(count);
      const index = await fleet.packIndex();
      try {
        return await work({ master, fleet, index });
      } finally {
        await fleet.close();
      }
    });
  });
}

async function measure200({ master, fleet, index }: Setting): Promise<readonly BenchRow[]> {
  const work = "200 workers with 5,000 files";
  const unchanged = await roundOfAll(fleet.workers, index, "in step");
  await rm(join(fleet.root, "etc/lists/d000"), { recursive: true });
  const less = await fleet.packIndex();
  await master.pauses();
  const missing = await roundOfAll(fleet.workers, less, "archive");
  const pauses = await master.pauses();
  const { peak } = await master.memory();
  return [
    { what: `${work}: an unchanged round of all at once`, figure: unchanged, unit: "s", goal: { most: 2 } },
    { what: `${work}: all miss the same ${String(MISSING)} files`, figure: missing, unit: "s", goal: { most: 5 } },
    { what: `${work}: memory of the master`, figure: peak, unit: "MiB", goal: { most: 300 } },
    { what: `${work}: pause of the master's main thread, p99`, figure: pauses.p99, unit: "ms", goal: { most: 20 } },
    { what: `${work}: pause of the master's main thread, longest`, figure: pauses.longest, unit: "ms", goal: { most: 50 } },
  ];
}

async function measure1000({ master, fleet, index }: Setting): Promise<readonly BenchRow[]> {
  const work = "1,000 workers with 5,000 files";
  await master.pauses();
  const seconds = await roundOfAll(fleet.workers, index, "in step");
  const pauses = await master.pauses();
  for (const worker of fleet.workers) worker.keepAlive(KEEPALIVE);
  await sleep(1_000);
  const before = await master.processorSeconds();
  await sleep(IDLE);
  const used = (await master.processorSeconds()) - before;
  const { peak } = await master.memory();
  return [
    { what: `${work}: an unchanged round of all at once`, figure: seconds, unit: "s", goal: { most: 10 } },
    { what: `${work}: memory of the master`, figure: peak, unit: "MiB", goal: { most: 500 } },
    { what: `${work}: processor of the idle master, of one core`, figure: (used / (IDLE / 1000)) * 100, unit: "%", goal: { most: 10 } },
    { what: `${work}: pause of the master's main thread, p99`, figure: pauses.p99, unit: "ms", goal: { most: 20 } },
    { what: `${work}: pause of the master's main thread, longest`, figure: pauses.longest, unit: "ms", goal: { most: 50 } },
  ];
}

/** Seconds until every worker has its verdict. */
async function roundOfAll(workers: readonly FleetWorker[], index: PackedIndex, expected: RoundEnd): Promise<number> {
  const began = performance.now();
  const ends = await Promise.all(workers.map((worker) => worker.round(index)));
  const others = ends.filter((end) => end !== expected);
  if (others.length > 0) throw new Error(`${String(others.length)} of ${String(ends.length)} rounds ended otherwise: ${others[0] ?? ""}`);
  return (performance.now() - began) / 1000;
}
