import { parseArgs } from "node:util";
import { BenchNode, freePort, withNodes } from "../support/BenchNode.js";
import { withFolder } from "../support/trees.js";
import { Churn } from "./Churn.js";
import { MemorySamples } from "./MemorySamples.js";

/**
 * `npm run soak -- [--minutes N]`: a master and three workers as real processes while files, agents and groups change,
 * and what their memory does. Fails when the memory of one grows faster than `MOST_GROWTH`, beyond doubt.
 */
/** MiB a minute that count as none: an allocator's breath, not a leak that would fill a machine. */
const MOST_GROWTH = 0.25;
/** Part of the time that does not count: code is compiled, heaps find their size. */
const WARM_UP = 1 / 3;
/** Points of the line that is laid through the rest. */
const POINTS = 12;
const WORKERS = ["w1", "w2", "w3"];
const INTERVALS = { worker: { sync_integrity: 1, sync_agent_info: 1, keep_alive: 2 }, master: { recalculate_integrity: 1 } };

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  process.stderr.write(`soak: --minutes takes a number above 0, not ${values.minutes}.\n`);
  process.exit(2);
}

await withFolder(async (folder) => {
  const port = await freePort();
  const master = await BenchNode.make({ folder, name: "m1", type: "master", port, intervals: INTERVALS });
  const workers = await Promise.all(WORKERS.map((name) => BenchNode.make({ folder, name, type: "worker", port, intervals: INTERVALS })));
  const churn = new Churn(master, workers);
  await churn.fill();
  await withNodes([master, ...workers], async () => {
    let rounds = 0;
    master.start();
    await master.next(({ message }) => message.includes("Calculated metadata of"));
    master.onLine(({ message, subtag }) => {
      if (subtag === "Integrity sync" && message.startsWith("Finished in")) rounds += 1;
    });
    for (const worker of workers) worker.start();
    await Promise.all(workers.map((worker) => worker.next(({ message }) => message.includes("Successfully connected"))));
    churn.start();
    const samples = new MemorySamples([master, ...workers]);
    await samples.take(minutes, (minute) => {
      process.stderr.write(`minute ${String(minute)}: ${String(churn.changes)} changes, ${String(rounds)} synchronisations\n`);
    });
    await churn.stop();
    process.stdout.write(`${String(minutes)} minutes, ${String(churn.changes)} changes, ${String(rounds)} synchronisations. Memory after the first ${(minutes * WARM_UP).toFixed(0)} minutes:\n`);
    process.stdout.write("| process | first MiB | last MiB | most MiB | slope MiB/min, 95 % | |\n|---|---|---|---|---|---|\n");
    for (const { name, first, last, most, trend } of samples.courses(minutes * WARM_UP, POINTS)) {
      const { slope, margin } = trend;
      const grows = slope - margin > MOST_GROWTH;
      if (grows) process.exitCode = 1;
      const numbers = [first, last, most].map((value) => value.toFixed(0)).join(" | ");
      process.stdout.write(`| ${name} | ${numbers} | ${slope.toFixed(3)} ± ${margin.toFixed(3)} | ${grows ? "**grows**" : "steady"} |\n`);
    }
    if (rounds === 0) {
      process.stderr.write("soak: nothing was synchronised; the figures say nothing.\n");
      process.exitCode = 1;
    }
  });
});
