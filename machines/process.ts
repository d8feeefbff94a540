import { encodeException } from "../src/protocol/errors/exceptionJson.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";

/** The time as a machine reads it: instants for people, and monotonic milliseconds for durations. */
export interface MachineClock {
  now(): number;
  wallTime(): number;
}

/** Why a round of a process failed. */
export interface ProcessFailure {
  /** Code of the catalogue. */
  readonly code: number;
  readonly message: string;
  /** The state in which it failed. */
  readonly step: string;
  /** Wall time in milliseconds. */
  readonly at: number;
  /** The exception as the peer reads it (protocol.md 7). */
  readonly exception: string;
}

/** Start and end of something, wall time in milliseconds. */
export interface Period {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What every synchronisation process keeps of itself; health, metrics and the inspector read it. */
export interface ProcessRecord {
  /** Start of the round that runs, or of the last one: wall time and monotonic time. */
  readonly startedAt: number | null;
  readonly startedMonotonic: number;
  readonly lastSuccess: Period | null;
  readonly lastError: ProcessFailure | null;
  readonly rounds: number;
  readonly failures: number;
}

export const NEW_RECORD: ProcessRecord = Object.freeze({
  startedAt: null,
  startedMonotonic: 0,
  lastSuccess: null,
  lastError: null,
  rounds: 0,
  failures: 0,
});

/** A record whose round begins now. */
export function roundStarted(record: ProcessRecord, clock: MachineClock): ProcessRecord {
  return { ...record, startedAt: clock.wallTime(), startedMonotonic: clock.now(), rounds: record.rounds + 1 };
}

/** A record whose round ended well now. */
export function roundSucceeded(record: ProcessRecord, clock: MachineClock): ProcessRecord {
  const endedAt = clock.wallTime();
  return { ...record, lastSuccess: { startedAt: record.startedAt ?? endedAt, endedAt } };
}

/** A record whose round failed now. */
export function roundFailed(
  record: ProcessRecord,
  clock: MachineClock,
  failure: { readonly error: unknown; readonly step: string },
): ProcessRecord {
  return {
    ...record,
    failures: record.failures + 1,
    lastError: describeFailure(failure.error, failure.step, clock.wallTime()),
  };
}

/** Characters kept of a failure's text: the peer may have written it, and a context stays small. */
const FAILURE_CHARACTERS = 2000;

/** The failure that an error thrown in `step` amounts to. */
export function describeFailure(error: unknown, step: string, at: number): ProcessFailure {
  const known = MusterError.from(error);
  // The catalogue's words around a plain error's text are for peers; people here read the text itself.
  const message = error instanceof Error ? error.message : known.message;
  const exception = encodeException(known);
  if (exception.length <= 2 * FAILURE_CHARACTERS) return { code: known.code, message, step, at, exception };
  const { errorClass, code } = known;
  const cut = message.length <= FAILURE_CHARACTERS ? message : `${message.slice(0, FAILURE_CHARACTERS)}…`;
  const short = new MusterError(errorClass, code, { extraMessage: cut, cmdError: true });
  return { code, message: cut, step, at, exception: encodeException(short) };
}

/** Seconds since the round began, as the reference prints durations (three decimals). */
export function roundSeconds(record: ProcessRecord, clock: MachineClock): string {
  return `${((clock.now() - record.startedMonotonic) / 1000).toFixed(3)}s`;
}

/** An answer to a request of the peer; `requestId` is the request's counter on its connection. */
export interface Answer {
  readonly requestId: number;
  readonly command: "ok" | "err";
  readonly payload: string;
}

export function ok(requestId: number, payload: string): Answer {
  return { requestId, command: "ok", payload };
}

/** An `err` answer with the exception's JSON. */
export function refuse(requestId: number, error: unknown): Answer {
  return { requestId, command: "err", payload: encodeException(error) };
}

/** Log levels in which a machine speaks. */
export interface LogLine {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly message: string;
  /** The process's name in the log, for example `Integrity check`. */
  readonly subtag?: string;
}

/** The transition of a step whose work failed: record it, tell the peer. */
export const failedIn = <Step extends string>(step: Step) =>
  ({
    target: "reportingError",
    actions: {
      type: "recordFailure",
      params: ({ event }: { event: { error: unknown } }) => ({ error: event.error, step: step as string }),
    },
  }) as const;

/** The transition of a step that took longer than it may. Only a file that does not come has a code of its own. */
export const tooLongIn = <Step extends string>(step: Step, waitedFor: string) =>
  ({
    target: "reportingError",
    actions: {
      type: "recordFailure",
      params: () => {
        const message = `${waitedFor} did not happen in time (state ${step})`;
        const error = step === "receivingFile" ? MusterError.cluster(3039, message) : new Error(message);
        return { error, step: step as string };
      },
    },
  }) as const;
