import { systemCodeOf } from "../src/integrity/systemCode.js";
import { MusterError } from "../src/protocol/errors/MusterError.js";
import type { PoolAnswer } from "./jobs.js";

type JobError = Extract<PoolAnswer, { ok: false }>["error"];

/** Causes of causes that are searched for a system's code. */
const DEEPEST_CAUSE = 8;

/**
 * An error as data: threads strip an error's code and class on its way. Anything but a MusterError
 * becomes the internal error 1000 with its text (protocol.md 2); `systemCode` is that of the error or
 * of what caused it.
 */
export function errorToData(error: unknown): JobError {
  const { code, message, extraMessage, cause } = MusterError.from(error);
  return {
    code,
    message,
    extra: extraMessage === null || typeof extraMessage === "string" ? extraMessage : JSON.stringify(extraMessage),
    systemCode: systemCodeOf(error) ?? systemCodeOfCause(cause, DEEPEST_CAUSE) ?? null,
  };
}

/**
 * The error again, on the side that asked for the job: a cluster error, or the internal error 1000. Its
 * cause carries the system's code, where there was one.
 */
export function errorFromData({ code, message, extra, systemCode }: JobError): MusterError {
  const details = systemCode === null ? {} : { cause: Object.assign(new Error(message), { code: systemCode }) };
  return code === 1000 ? MusterError.internal(code, extra, details) : MusterError.cluster(code, extra, details);
}

function systemCodeOfCause(cause: unknown, deepest: number): string | undefined {
  if (deepest === 0 || cause === undefined || cause === null) return undefined;
  return systemCodeOf(cause) ?? (cause instanceof Error ? systemCodeOfCause(cause.cause, deepest - 1) : undefined);
}
