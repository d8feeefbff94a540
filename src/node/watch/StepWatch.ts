import type { ProcessFailure } from "../../../machines/process.js";
import type { Clock, TimerHandle } from "../../protocol/Clock.js";
import type { Logger } from "../../telemetry/Logger.js";
import type { StepFact } from "./stepReport.js";

/** Milliseconds between two looks. */
const STEP_LOOK = 1_000;
/** Workers that are remembered; of more, those that were gone longest are forgotten. */
const KNOWN_WORKERS = 1_024;
/** Milliseconds after which a worker that is gone is forgotten. */
const FORGET_AFTER = 86_400_000;

/** Where a worker stands, for health, metrics, the inspector, and `muster control`. */
export interface StepStatus {
  readonly worker: string;
  readonly connected: boolean;
  /** It is connected, and the last comparison found nothing that differs. */
  readonly inStep: boolean;
  /** Wall time since which `inStep` is what it is. */
  readonly since: number;
  /** Wall time of the last confirmed check; null when this node has seen none. */
  readonly lastInStep: number | null;
  /** Seconds since then, or since the worker was first seen (monotonic). */
  readonly seconds: number;
  /** It has been without a confirmed check for longer than the setting allows. */
  readonly outOfStep: boolean;
  /** State of the process that compares its files; null when it is not connected. */
  readonly state: string | null;
  readonly lastError: ProcessFailure | null;
}

interface Known {
  fact: StepFact | undefined;
  lastInStep: number | null;
  lastError: ProcessFailure | null;
  /** Monotonic times: of the last confirmed check or the first sight, and of the last look at which it was connected. */
  confirmedAt: number;
  seenAt: number;
  inStep: boolean;
  since: number;
  isTold: boolean;
}

export interface StepWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the snapshots tell: `stepReport` of the node's root actor. */
  readonly facts: () => readonly StepFact[];
  /** Seconds without a confirmed check after which a worker is out of step (`limits.outOfStepAfter`). */
  readonly outOfStepAfter: number;
  /** Workers that belong here from the beginning, though they were not seen yet: a worker knows itself. */
  readonly expected?: readonly string[];
}

/**
 * Remembers who was in step when, across connections, and tells the log when a worker falls out of step for
 * longer than it may, and when it is back.
 */
export class StepWatch {
  readonly #options: StepWatchOptions;
  readonly #known = new Map<string, Known>();
  #timer: TimerHandle;

  constructor(options: StepWatchOptions) {
    this.#options = options;
    for (const worker of options.expected ?? []) this.#knownOf(worker);
  }

  /** Begins to look by itself, until `stop`. */
  start(): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#look();
      this.start();
    }, STEP_LOOK);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** All workers that are or were connected, in the order in which they were first seen. */
  report(): readonly StepStatus[] {
    this.#look();
    return [...this.#known].map(([worker, known]) => ({
      worker,
      connected: known.fact !== undefined,
      inStep: known.inStep,
      since: known.since,
      lastInStep: known.lastInStep,
      seconds: this.#secondsOf(known),
      outOfStep: this.#isOut(known),
      state: known.fact?.state ?? null,
      lastError: known.lastError,
    }));
  }

  #look(): void {
    const { clock, facts } = this.#options;
    const now = clock.now();
    const current = new Map(facts().map((fact) => [fact.worker, fact]));
    for (const worker of current.keys()) this.#knownOf(worker);
    for (const [worker, known] of this.#known) {
      const fact = current.get(worker);
      known.fact = fact;
      if (fact !== undefined) {
        known.seenAt = now;
        if (fact.lastError !== null) known.lastError = fact.lastError;
        if (fact.lastInStep !== null && fact.lastInStep !== known.lastInStep) {
          known.lastInStep = fact.lastInStep;
          known.confirmedAt = now;
        }
      }
      const inStep = fact?.differs === false && fact.lastInStep !== null && !this.#isOut(known);
      if (inStep !== known.inStep) known.since = clock.wallTime();
      known.inStep = inStep;
      this.#tell(worker, known);
      if (fact === undefined && now - known.seenAt > FORGET_AFTER && !this.#isExpected(worker)) this.#known.delete(worker);
    }
    this.#forgetSurplus();
  }

  #knownOf(worker: string): Known {
    const { clock } = this.#options;
    let known = this.#known.get(worker);
    if (known === undefined) {
      const now = clock.now();
      known = { fact: undefined, lastInStep: null, lastError: null, confirmedAt: now, seenAt: now, inStep: false, since: clock.wallTime(), isTold: false };
      this.#known.set(worker, known);
    }
    return known;
  }

  #secondsOf({ confirmedAt }: Known): number {
    return (this.#options.clock.now() - confirmedAt) / 1000;
  }

  #isOut(known: Known): boolean {
    return this.#secondsOf(known) > this.#options.outOfStepAfter;
  }

  #tell(worker: string, known: Known): void {
    const isOut = this.#isOut(known);
    if (isOut === known.isTold) return;
    known.isTold = isOut;
    const log = this.#options.logger.child({ peer: worker, subtag: "Integrity check" });
    if (!isOut) {
      log.info(`Worker ${worker} is in step again.`);
      return;
    }
    const where = known.fact === undefined ? "it is not connected" : `it is connected, in state ${known.fact.state}`;
    const why = known.lastError === null ? "" : `; last error: ${known.lastError.message}`;
    const seconds = Math.round(this.#secondsOf(known));
    log.warn(`Worker ${worker} is out of step: its files have not been confirmed for ${seconds} s (limits.outOfStepAfter: ${this.#options.outOfStepAfter} s); ${where}${why}.`);
  }

  #isExpected(worker: string): boolean {
    return this.#options.expected?.includes(worker) ?? false;
  }

  #forgetSurplus(): void {
    if (this.#known.size <= KNOWN_WORKERS) return;
    const gone = [...this.#known].filter(([worker, { fact }]) => fact === undefined && !this.#isExpected(worker));
    gone.sort(([, one], [, other]) => one.seenAt - other.seenAt);
    for (const [worker] of gone.slice(0, this.#known.size - KNOWN_WORKERS)) this.#known.delete(worker);
  }
}
