/** Where a worker stands, as the master's watch has it (quality.md 4). A node's own `StepStatus` has all of it. */
export interface WorkerStep {
  readonly worker: string;
  readonly connected: boolean;
  readonly inStep: boolean;
  /** Wall time in milliseconds since which `inStep` is what it is. */
  readonly since: number;
  /** Wall time of the last confirmed check; null: none was seen. */
  readonly lastInStep: number | null;
  /** Seconds since then. */
  readonly seconds: number;
  readonly outOfStep: boolean;
  /** State of the process that compares its files; null when it is not connected. */
  readonly state: string | null;
  readonly lastError: { readonly code: number | null; readonly step: string; readonly message: string } | null;
}

/** The same as programs read it: the words of the metrics and of the inspector. */
export function stepItem(step: WorkerStep): Readonly<Record<string, unknown>> {
  const { worker, connected, inStep, outOfStep, since, lastInStep, seconds, state, lastError } = step;
  return {
    name: worker,
    connected,
    in_step: inStep,
    out_of_step: outOfStep,
    since: new Date(since),
    last_in_step: lastInStep === null ? null : new Date(lastInStep),
    unconfirmed_seconds: Math.round(seconds),
    state,
    last_error: lastError === null ? null : { code: lastError.code, step: lastError.step, message: lastError.message },
  };
}
