import type { JobKind, PoolJobs } from "../../../workers/jobs.js";

export interface RunOptions {
  /**
   * Gives the job up: the caller hears of it at once, a job that waits is skipped, and one that runs is
   * let run to its end, because a thread that is killed leaves half-written files and costs a new thread.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called when a job that was given up has ended, to remove what it made. */
  readonly onAbandoned?: () => void;
  /** Buffers that move to the thread instead of being copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** Where jobs run (actors.md, Threads): `ThreadPool` in a node, the simulated machine in a simulation. */
export interface JobPool {
  /**
   * Runs one job.
   *
   * @throws MusterError of the job's own code; 1000 when the queue is full or the thread died; the
   * signal's reason when it is given up.
   */
  run<Kind extends JobKind>(job: PoolJobs[Kind]["job"] & { kind: Kind }, options?: RunOptions): Promise<PoolJobs[Kind]["result"]>;
}
