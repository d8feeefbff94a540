import { MusterError } from "../protocol/errors/MusterError.js";
import type { ErrorClass } from "../protocol/errors/MusterError.js";

/** The catalogue's codes that an agent store gives, and the class of each (dapi.md 5, 6.1). */
const CLASSES = {
  /** The store refused the request. */
  2003: "WazuhError",
  /** The statement is not allowed. */
  2004: "WazuhError",
  /** There is no connection to the store. */
  2005: "WazuhInternalError",
  /** The store's answer is no JSON, or not of the expected form. */
  2006: "WazuhInternalError",
  /** There is no usable answer: too late, broken off, or not understood. */
  2007: "WazuhInternalError",
  /** The answer is longer than the store's buffer. */
  2009: "WazuhInternalError",
  /** The store's HTTP socket refused the request. */
  2012: "WazuhInternalError",
  /** There is no connection to the HTTP socket, or it broke. */
  2013: "WazuhInternalError",
  /** The HTTP socket did not answer in time. */
  2014: "WazuhInternalError",
} as const satisfies Readonly<Record<number, ErrorClass>>;

export type AgentStoreErrorCode = keyof typeof CLASSES;

/**
 * An agent store could not do what it was asked for. Its text is the one that travels to peers:
 * `Error 2003 - Error in wazuhdb request: <extra>` (observed.md, agent-info).
 */
export class AgentStoreError extends MusterError {
  /** @param extraMessage What the store said, or what happened. */
  constructor(code: AgentStoreErrorCode, extraMessage: string, options: { readonly cause?: unknown } = {}) {
    super(CLASSES[code], code, { ...options, extraMessage });
  }
}

/** Whether a value is one of the codes of an agent store's error. */
export function isAgentStoreErrorCode(code: unknown): code is AgentStoreErrorCode {
  return typeof code === "number" && Object.hasOwn(CLASSES, code);
}
