import { Piscina } from "piscina";
import type { CancellableJob, JobKind, PoolAnswer, PoolJobs } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { JobPool, RunOptions } from "./JobPool.js";
import { threadEntry } from "./threadEntry.js";

export interface ThreadPoolOptions {
  /** Threads at most. */
  readonly threads: number;
  /** Jobs that may wait for a thread; one more is refused. */
  readonly queueLimit?: number;
  /** Hears of a thread that died without a job; the pool starts another one when it needs it. */
  readonly onThreadError?: (error: Error) => void;
}

/** Jobs that may wait for a thread unless the options say otherwise. */
const DEFAULT_QUEUE_LIMIT = 4096;
/** Milliseconds after which a thread without work ends. */
const IDLE_MILLISECONDS = 30_000;

/** Milliseconds that a job which was given up may still run before its thread is killed. */
const KILL_MILLISECONDS = 60_000;

/** What the pool is doing, for metrics. */
export interface PoolLoad {
  readonly threads: number;
  readonly queued: number;
  readonly completed: number;
  /** Milliseconds that jobs waited for a thread, and ran: averages since the start. */
  readonly averageWait: number;
  readonly averageRun: number;
  /** The time that 99 of 100 jobs waited, or ran, at most. */
  readonly p99Wait: number;
  readonly p99Run: number;
}

/** The thread pool: stateless jobs that are heavy on the processor or the disk (actors.md, Threads). */
export class ThreadPool implements JobPool {
  readonly #piscina: Piscina;

  constructor(options: ThreadPoolOptions) {
    this.#piscina = new Piscina({
      filename: threadEntry("pool").href,
      minThreads: 1,
      maxThreads: options.threads,
      idleTimeout: IDLE_MILLISECONDS,
      maxQueue: options.queueLimit ?? DEFAULT_QUEUE_LIMIT,
    });
    // Without a listener the death of an idle thread would end the whole node.
    this.#piscina.on("error", (error: Error) => options.onThreadError?.(error));
  }

  /**
   * Runs one job on a thread.
   *
   * @throws MusterError of the job's own code; 1000 when the queue is full or the thread died; the
   * signal's reason when it is given up.
   */
  async run<Kind extends JobKind>(job: PoolJobs[Kind]["job"] & { kind: Kind }, options: RunOptions = {}): Promise<PoolJobs[Kind]["result"]> {
    const { signal, transfer, onAbandoned } = options;
    signal?.throwIfAborted();
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const killer = new AbortController();
    const running = this.#piscina.run({ job, cancelled } satisfies CancellableJob, {
      signal: killer.signal,
      ...(transfer === undefined ? {} : { transferList: [...transfer] }),
    }) as Promise<PoolAnswer>;
    const answer = await givenUpBy(signal, running, () => {
      Atomics.store(cancelled, 0, 1);
      // A job that never ends (a disk that hangs) must not keep its thread for ever.
      const timer = setTimeout(() => {
        killer.abort();
      }, KILL_MILLISECONDS);
      const ended = (): void => {
        clearTimeout(timer);
        onAbandoned?.();
      };
      running.then(ended, ended);
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw MusterError.internal(1000, `the thread pool could not do the job ${job.kind}: ${reason}`, { cause: error });
    });
    if (answer.ok) return answer.result;
    throw errorOf(answer.error);
  }

  get load(): PoolLoad {
    const { threads, queueSize, completed, histogram } = this.#piscina;
    return {
      threads: threads.length,
      queued: queueSize,
      completed,
      averageWait: histogram?.waitTime.average ?? 0,
      averageRun: histogram?.runTime.average ?? 0,
      p99Wait: histogram?.waitTime.p99 ?? 0,
      p99Run: histogram?.runTime.p99 ?? 0,
    };
  }

  /** Lets running jobs end, refuses new ones. */
  async close(): Promise<void> {
    await this.#piscina.close();
  }
}

function errorOf(error: Extract<PoolAnswer, { ok: false }>["error"]): MusterError {
  const { code, extra, message } = error;
  return code === 1000 ? MusterError.internal(1000, extra ?? message) : MusterError.cluster(code, extra ?? undefined);
}

/** The promise, or the signal's reason if it comes first; `leave` is called then. */
function givenUpBy<Result>(signal: AbortSignal | undefined, running: Promise<Result>, leave: () => void): Promise<Result> {
  if (signal === undefined) return running;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      leave();
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    running.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
    });
  });
}
