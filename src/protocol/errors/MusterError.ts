import { CATALOGUE } from "./catalogue.js";
import type { CatalogueEntry } from "./catalogue.js";

/** Names of the exception classes that travel between nodes (dapi.md 2, exception). */
export type ErrorClass =
  | "WazuhException"
  | "WazuhInternalError"
  | "WazuhError"
  | "WazuhClusterError"
  | "WazuhPermissionError"
  | "WazuhResourceNotFound"
  | "WazuhTooManyRequests"
  | "WazuhNotAcceptable";

interface ErrorClassTraits {
  readonly title: string;
  readonly httpStatus: number;
  /** Whether the error can belong to single items (agents, nodes), and so carries `ids`. */
  readonly hasIds: boolean;
}

/** Title, HTTP status and shape of each class, as dialect 4.3-zip has them (dapi.md 2). */
const CLASS_TRAITS: Readonly<Record<ErrorClass, ErrorClassTraits>> = Object.freeze({
  WazuhException: { title: "WazuhException", httpStatus: 500, hasIds: false },
  WazuhInternalError: { title: "Wazuh Internal Error", httpStatus: 500, hasIds: false },
  WazuhError: { title: "Bad Request", httpStatus: 400, hasIds: true },
  WazuhClusterError: { title: "Wazuh Cluster Error", httpStatus: 400, hasIds: true },
  WazuhPermissionError: { title: "Permission Denied", httpStatus: 403, hasIds: true },
  WazuhResourceNotFound: { title: "Resource Not Found", httpStatus: 404, hasIds: true },
  WazuhTooManyRequests: { title: "Too Many Requests", httpStatus: 429, hasIds: true },
  WazuhNotAcceptable: { title: "Not Acceptable", httpStatus: 406, hasIds: true },
});

/** True for a class name that this node knows; a guard for names from the wire. */
export function isErrorClass(name: unknown): name is ErrorClass {
  return typeof name === "string" && Object.hasOwn(CLASS_TRAITS, name);
}

/** What an error says beyond its code: a text that follows the message, or values for its placeholders. */
export type ExtraMessage = string | Readonly<Record<string, unknown>> | null;

/** What one node says about a request that failed on it. */
export interface NodeError {
  readonly error: string;
  readonly logfile?: string;
}

/** Everything about an error besides its class and code. All optional. */
export interface MusterErrorDetails {
  /** @default null */
  readonly extraMessage?: ExtraMessage;
  /** Follows the catalogue's remediation. @default null */
  readonly extraRemediation?: string | null;
  /** The text is `extraMessage` alone, without the catalogue's. @default false */
  readonly cmdError?: boolean;
  /** Node name → what that node says. @default {} */
  readonly dapiErrors?: Readonly<Record<string, NodeError>>;
  /** The items that the error is about. Ignored for classes that have none. @default [] */
  readonly ids?: readonly string[];
  /** @default the class's title */
  readonly title?: string;
  /** What led to this error; stays on this node. */
  readonly cause?: unknown;
}

type HelperDetails = Omit<MusterErrorDetails, "extraMessage">;

/**
 * The one error class of muster: a code of the catalogue, the class under which it travels to peers
 * and API clients, and what those may read. `cause` never leaves the node.
 */
export class MusterError extends Error {
  readonly errorClass: ErrorClass;
  readonly code: number;
  readonly extraMessage: ExtraMessage;
  readonly extraRemediation: string | null;
  readonly cmdError: boolean;
  readonly dapiErrors: Readonly<Record<string, NodeError>>;
  /** Always empty for classes without ids. */
  readonly ids: readonly string[];
  readonly title: string;
  /** What the reader can do, or null. */
  readonly remediation: string | null;

  /** A code that the catalogue lacks is allowed (later releases have more): its text is the extra message. */
  constructor(errorClass: ErrorClass, code: number, details: MusterErrorDetails = {}) {
    const { extraMessage = null, extraRemediation = null, cmdError = false } = details;
    const entry = CATALOGUE.get(code);
    const options = details.cause === undefined ? undefined : { cause: details.cause };
    super(messageOf(entry, code, extraMessage, cmdError), options);
    this.name = errorClass;
    this.errorClass = errorClass;
    this.code = code;
    this.extraMessage = extraMessage;
    this.extraRemediation = extraRemediation;
    this.cmdError = cmdError;
    this.dapiErrors = details.dapiErrors ?? {};
    this.ids = this.hasIds ? (details.ids ?? []) : [];
    this.title = details.title ?? CLASS_TRAITS[errorClass].title;
    this.remediation = remediationOf(entry, extraRemediation);
  }

  /** A `WazuhClusterError`: something between the nodes went wrong. */
  static cluster(code: number, extraMessage: ExtraMessage = null, details: HelperDetails = {}): MusterError {
    return new MusterError("WazuhClusterError", code, { ...details, extraMessage });
  }

  /** A `WazuhInternalError`: this node failed, whatever was asked of it. */
  static internal(code: number, extraMessage: ExtraMessage = null, details: HelperDetails = {}): MusterError {
    return new MusterError("WazuhInternalError", code, { ...details, extraMessage });
  }

  /** A `WazuhError`: the request itself is at fault. */
  static user(code: number, extraMessage: ExtraMessage = null, details: HelperDetails = {}): MusterError {
    return new MusterError("WazuhError", code, { ...details, extraMessage });
  }

  /** A `WazuhResourceNotFound`: the request names something that does not exist. */
  static notFound(code: number, extraMessage: ExtraMessage = null, details: HelperDetails = {}): MusterError {
    return new MusterError("WazuhResourceNotFound", code, { ...details, extraMessage });
  }

  /** A `WazuhPermissionError`: the asker may not do this. */
  static permission(code: number, extraMessage: ExtraMessage = null, details: HelperDetails = {}): MusterError {
    return new MusterError("WazuhPermissionError", code, { ...details, extraMessage });
  }

  /**
   * `error` itself if it is a MusterError; anything else becomes the internal error 1000 with its text
   * as extra message and itself as cause (protocol.md 2).
   */
  static from(error: unknown): MusterError {
    if (error instanceof MusterError) return error;
    return MusterError.internal(1000, textOf(error), { cause: error });
  }

  /** Whether this error's class carries `ids`. */
  get hasIds(): boolean {
    return CLASS_TRAITS[this.errorClass].hasIds;
  }

  /** The status with which the HTTP API answers this error. */
  get httpStatus(): number {
    return CLASS_TRAITS[this.errorClass].httpStatus;
  }

  /** `Error <code> - <message>`, the form of logs and command lines (dapi.md 2). */
  override toString(): string {
    return `Error ${this.code} - ${this.message}`;
  }
}

function messageOf(entry: CatalogueEntry | undefined, code: number, extra: ExtraMessage, cmdError: boolean): string {
  if (typeof extra === "string" && extra !== "" && (cmdError || entry === undefined)) return extra;
  const message = entry?.message ?? `Unknown error code ${code}`;
  if (extra === null || extra === "") return message;
  if (typeof extra === "string") return `${message}: ${extra}`;
  return message.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(extra, name) ? textOf(extra[name]) : placeholder,
  );
}

function remediationOf(entry: CatalogueEntry | undefined, extra: string | null): string | null {
  const remediation = entry?.remediation ?? null;
  if (extra === null || extra === "") return remediation;
  return remediation === null ? extra : `${remediation}: ${extra}`;
}

/** A text for anything that was thrown or given as a value, even for objects that refuse to be one. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    if (value instanceof Error) return value.message === "" ? value.name : value.message;
    if (typeof value === "object" && value !== null) return JSON.stringify(value) ?? "an object without text";
    return String(value);
  } catch {
    return "a value without text";
  }
}
