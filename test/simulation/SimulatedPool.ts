import type { Disk } from "../../src/integrity/Disk.js";
import type { JobPool, RunOptions } from "../../src/node/ports/JobPool.js";
import { doJob } from "../../workers/doJob.js";
import { FernetKeys } from "../../workers/FernetKeys.js";
import { errorFromData, errorToData } from "../../workers/jobErrors.js";
import type { JobKind, PoolJobs } from "../../workers/jobs.js";
import type { Life, SimulatedTime } from "./SimulatedTime.js";

export interface SimulatedPoolOptions {
  readonly time: SimulatedTime;
  readonly life: Life;
  readonly disk: Disk;
  readonly wallTime: () => number;
  /** Milliseconds that the next job waits for a thread, or then takes. */
  readonly delay: () => number;
  /** A planted bug: is the end of this job never heard of? */
  readonly loses: (kind: JobKind) => boolean;
}

/** Pure functions of their keys: all pools share what they make. */
const KEYS = new FernetKeys();

/** Runs the threads' own code in this process: each job at one instant, its answer some time later. */
export class SimulatedPool implements JobPool {
  readonly #options: SimulatedPoolOptions;
  /** Jobs that were asked for and whose end nobody has heard of. */
  running = 0;

  constructor(options: SimulatedPoolOptions) {
    this.#options = options;
  }

  run<Kind extends JobKind>(job: PoolJobs[Kind]["job"] & { kind: Kind }, options: RunOptions = {}): Promise<PoolJobs[Kind]["result"]> {
    const { signal, onAbandoned } = options;
    signal?.throwIfAborted();
    const { time, life, delay, loses, ...tools } = this.#options;
    this.running += 1;
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      signal?.addEventListener("abort", () => {
        isGivenUp = true;
        reject(signal.reason as Error);
      }, { once: true });
      const ended = (settle: () => void) => () => {
        this.running -= 1;
        if (isGivenUp) onAbandoned?.();
        else settle();
      };
      time.after(delay(), life, () => {
        if (isGivenUp) return ended(() => undefined)();
        if (loses(job.kind)) return;
        const work = doJob(job, { ...tools, keys: KEYS });
        time.hold(
          work.then(
            (result) => void time.after(delay(), life, ended(() => resolve(result))),
            (error: unknown) => void time.after(delay(), life, ended(() => reject(errorFromData(errorToData(error))))),
          ),
        );
      });
    });
  }
}
