import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchNode, freePort, startMaster, withNodes, type Pauses } from "./BenchNode.js";
import { EchoWatch, type EchoTimes } from "./EchoWatch.js";
import { Fleet } from "./Fleet.js";

/** Rounds soon after the start: what is measured is a round, not the wait for it. */
const INTERVALS = { worker: { sync_integrity: 4 } };
const SYNC_TIMEOUT = 300_000;
/** Milliseconds in which the idle latency is measured. */
const IDLE = 1_000;

/** What the first synchronisation of an empty worker showed. */
export interface FirstSync {
  /** From the start of the round to the last file in place. */
  readonly seconds: number;
  /** MiB at most, in the whole life of the process up to then. */
  readonly memory: { readonly master: number; readonly worker: number };
  readonly pauses: { readonly master: Pauses; readonly worker: Pauses };
  /** Of another worker: idle before, and during the round. */
  readonly idle: EchoTimes;
  readonly during: EchoTimes;
}

export interface FirstSyncOptions {
  readonly folder: string;
  /** Fills the master's root before it starts. */
  readonly fill: (root: string) => Promise<void>;
  readonly files: number;
  /** Looks at the worker's root afterwards; throws when something is missing. */
  readonly check: (master: string, worker: string) => Promise<void> | void;
  /** More of the master's etc/muster.yaml. */
  readonly settings?: string;
  /** Begins to watch the master before the round. Returns the way to end it. */
  readonly watch?: (master: BenchNode) => Promise<() => void>;
}

/** A master with a filled root, an empty worker, and a second worker that asks for echoes meanwhile: three processes. */
export async function firstSync(options: FirstSyncOptions): Promise<FirstSync> {
  const { folder, fill, files, check, settings, watch } = options;
  const port = await freePort();
  const master = await BenchNode.make({ folder, name: "m1", type: "master", port, intervals: INTERVALS, ...(settings === undefined ? {} : { settings }) });
  const worker = await BenchNode.make({ folder, name: "w1", type: "worker", port, intervals: INTERVALS });
  await fill(master.root);
  return await withNodes([master, worker], async () => {
    await startMaster(master, files);
    const unwatch = await watch?.(master);
    const fleet = await Fleet.make(`${folder}/fleet`, port);
    const [second] = await fleet.join(1, "second");
    if (second === undefined) throw new Error("the second worker did not join");
    const echo = new EchoWatch(second);
    echo.start();
    await sleep(IDLE);
    const idle = echo.take();
    worker.start();
    await worker.next(({ message }) => message.includes("Successfully connected"));
    // The count of pauses begins with the first reading.
    await Promise.all([master.pauses(), worker.pauses()]);
    const began = await worker.next(({ message, subtag }) => subtag === "Integrity check" && message === "Starting.");
    echo.take();
    const ended = await worker.next(({ message, subtag }) => subtag === "Integrity sync" && message.startsWith("Finished in"), SYNC_TIMEOUT);
    const during = echo.take();
    const [masterPauses, workerPauses] = await Promise.all([master.pauses(), worker.pauses()]);
    const [masterMemory, workerMemory] = await Promise.all([master.memory(), worker.memory()]);
    await echo.stop();
    await fleet.close();
    unwatch?.();
    await check(master.root, worker.root);
    return {
      seconds: (ended.at - began.at) / 1000,
      memory: { master: masterMemory.peak, worker: workerMemory.peak },
      pauses: { master: masterPauses, worker: workerPauses },
      idle,
      during,
    };
  });
}

/** Throws when two files or folders do not hold the same. */
export async function requireEqual(left: string, right: string): Promise<void> {
  const [status] = (await once(spawn("diff", ["-rq", left, right], { stdio: "inherit" }), "close")) as [number];
  if (status !== 0) throw new Error(`${left} and ${right} differ`);
}
