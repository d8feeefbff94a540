import { describe, expect, test } from "vitest";
import { ROOT, type SimulatedNode } from "./SimulatedNode.js";
import { runHistory, type Plant } from "./History.js";

/** Histories among which a planted bug must be found: as many as `npm test` runs. */
const SEEDS = 200;

/** The first seed whose history finds the bug, and what it says. */
async function hunt(plant: Plant): Promise<{ readonly seed: number; readonly failure: string } | undefined> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { failure } = await runHistory(seed, plant);
    if (failure !== undefined) return { seed, failure };
  }
  return undefined;
}

describe("the simulation", () => {
  test("brings the same history for the same seed, and another one for another", async () => {
    const [first, again, other] = [await runHistory(7), await runHistory(7), await runHistory(8)];
    expect(again.story).toEqual(first.story);
    expect(again.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
  });

  test("finds a file that is written in its place instead of being renamed into it", async () => {
    const found = await hunt((node) => {
      node.plant((disk) => ({
        ...disk,
        renameSync: (from, to) => {
          if (to.startsWith(`${ROOT}/queue/cluster/`)) return disk.renameSync(from, to);
          const { O_WRONLY, O_CREAT, O_EXCL } = disk.constants;
          disk.rmSync(to, { force: true });
          const descriptor = disk.openSync(to, O_WRONLY | O_CREAT | O_EXCL, 0o600);
          disk.writeSync(descriptor, disk.readFileSync(from));
          disk.closeSync(descriptor);
        },
      }));
    });
    expect(found?.failure).toMatch(/which no item covers|reads half a file/);
  });

  test("finds a file that takes its place before it is whole", async () => {
    const found = await hunt((node) => {
      node.plant((disk) => ({
        ...disk,
        renameSync: (from, to) => {
          if (!to.startsWith(`${ROOT}/queue/cluster/`)) disk.ftruncateSync(disk.openSync(from, disk.constants.O_RDONLY), 20);
          disk.renameSync(from, to);
        },
      }));
    });
    expect(found?.failure).toContain("that no user ever wrote there");
  });

  test("finds transferred files that nobody removes", async () => {
    const found = await hunt((node) => node.plant((disk) => ({ ...disk, rmSync: (path, options) => (path.endsWith(".zip") ? undefined : disk.rmSync(path, options)) })));
    expect(found?.failure).toContain("in queue/cluster");
  });

  test("finds a process that is never free again, since its job's end is lost", async () => {
    const found = await hunt((node: SimulatedNode) => {
      node.losesJobs = "compare";
    });
    expect(found?.failure).toMatch(/integritySync is in comparing|has (no|another) |still has/);
  });
});
