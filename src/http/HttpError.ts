import type { MusterError } from "../protocol/errors/MusterError.js";
import { renderError } from "../dapi/results/renderResult.js";
import { isRecord, type JsonRecord } from "../dapi/encoding/values.js";

/** Titles of statuses that no class of the catalogue has. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Permission Denied",
  404: "Resource Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Wazuh Internal Error",
  503: "Service Unavailable",
};

export interface HttpErrorDetails {
  /** What the asker can do. */
  readonly remediation?: string;
  /** Further headers of the answer, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error of HTTP itself, for which the catalogue has no code: its code is the status. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly remediation: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, details: HttpErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = status;
    this.remediation = details.remediation;
    this.headers = details.headers ?? {};
  }

  /** 401 with the scheme that is wanted. */
  static unauthorized(message: string, remediation: string, scheme: "Basic" | "Bearer" = "Bearer"): HttpError {
    const headers = { "www-authenticate": `${scheme} realm="muster"` };
    return new HttpError(401, message, { remediation, headers });
  }

  /** 429 that says when to come back. @param delay milliseconds */
  static tooManyRequests(message: string, delay: number): HttpError {
    const seconds = Math.max(1, Math.ceil(delay / 1000));
    return new HttpError(429, message, {
      remediation: `Wait ${seconds} s before the next attempt.`,
      headers: { "retry-after": String(seconds) },
    });
  }
}

/** An error as a problem document (dapi.md 2): status, headers and body. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonRecord;
}

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** The problem document of an error of HTTP. */
export function problemOfStatus(error: HttpError): Problem {
  const { status, headers, message, remediation } = error;
  return {
    status,
    headers,
    body: {
      title: TITLES[status] ?? "Error",
      detail: message,
      ...(remediation === undefined ? {} : { remediation }),
      error: status,
    },
  };
}

/** The problem document of an error of the catalogue. */
export function problemOfCatalogue(error: MusterError): Problem {
  return { status: error.httpStatus, headers: {}, body: renderError(error) };
}

/** What fastify refuses by itself, in words for people. */
const REFUSALS: ReadonlyMap<string, { readonly status: number; readonly message: string; readonly remediation: string }> = new Map([
  ["FST_ERR_CTP_BODY_TOO_LARGE", { status: 413, message: "The body of the request is too large", remediation: "Send a smaller body." }],
  [
    "FST_ERR_CTP_INVALID_MEDIA_TYPE",
    {
      status: 415,
      message: "The body's type is not supported",
      remediation: "Send JSON, with the header Content-Type: application/json.",
    },
  ],
  ["FST_ERR_MAX_PARAM_LENGTH", { status: 414, message: "A part of the path is too long", remediation: "Check the name or id in it." }],
  ["FST_ERR_BAD_URL", { status: 400, message: "The path is malformed", remediation: "Escape what is no letter or digit as %XX." }],
]);

/** What fastify itself refuses a request for, in words for its sender; undefined: that is a defect of ours. */
export function refusalOf(error: unknown): HttpError | undefined {
  if (!isRecord(error) && !(error instanceof Error)) return undefined;
  const { statusCode, code, message } = error as { statusCode?: unknown; code?: unknown; message?: unknown };
  if (typeof statusCode !== "number" || statusCode < 400 || statusCode > 499) return undefined;
  const text = typeof message === "string" ? message : "The request was refused";
  const known = typeof code === "string" ? REFUSALS.get(code) : undefined;
  if (known !== undefined) {
    return new HttpError(known.status, known.message, { remediation: known.remediation, cause: error });
  }
  return new HttpError(statusCode, text, { cause: error });
}
