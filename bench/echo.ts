import { join } from "node:path";
import type { BenchRow } from "./BenchRow.js";
import { BenchNode, freePort, startMaster, withNodes } from "./support/BenchNode.js";
import { Fleet } from "./support/Fleet.js";
import type { FleetWorker } from "./support/FleetWorker.js";
import { bareEchoRate, startEcho } from "./support/tcpEcho.js";
import { withFolder } from "./support/trees.js";

const MILLISECONDS = 3_000;
const WARM_UP = 1_000;
/** The reference's rates, of which three times are to be reached. */
const WORK = [
  { what: "echo of 100 bytes, one at a time", bytes: 100, inFlight: 1, reference: 2_612 },
  { what: "echo of 100 bytes, 64 in flight", bytes: 100, inFlight: 64, reference: 7_629 },
  { what: "echo of 1 MiB, 8 in flight", bytes: 1024 * 1024, inFlight: 8, reference: 66 },
] as const;

/** Encrypted echoes between a worker's channel in this process and a real master. The limit: a bare TCP echo of as many bytes. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const chosen = WORK.filter(({ what }) => wanted(what));
  if (chosen.length === 0) return [];
  return await withFolder(async (folder) => {
    const port = await freePort();
    const master = await BenchNode.make({ folder, name: "m1", type: "master", port });
    return await withNodes([master], async () => {
      await startMaster(master, 0);
      const fleet = await Fleet.make(join(folder, "fleet"), port);
      const [worker] = await fleet.join(1);
      const bare = await startEcho();
      const rows: BenchRow[] = [];
      for (const { what, bytes, inFlight, reference } of chosen) {
        if (worker === undefined) break;
        const limit = await bareEchoRate(bare.port, bytes, inFlight, MILLISECONDS);
        await echoRate(worker, bytes, inFlight, WARM_UP);
        rows.push({ what, figure: await echoRate(worker, bytes, inFlight, MILLISECONDS), limit, unit: "/s", goal: { least: 3 * reference } });
      }
      bare.stop();
      await fleet.close();
      return rows;
    });
  });
}

async function echoRate(worker: FleetWorker, bytes: number, inFlight: number, milliseconds: number): Promise<number> {
  const began = performance.now();
  let answers = 0;
  const askOn = async (): Promise<void> => {
    while (performance.now() - began < milliseconds) {
      await worker.echo(Buffer.alloc(bytes, 120));
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, askOn));
  return (answers / (performance.now() - began)) * 1000;
}
