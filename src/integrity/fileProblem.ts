import type { FileProblem } from "../../workers/jobs.js";
import { systemCodeOf } from "./systemCode.js";

/** Code of a problem whose cause has none of its own. */
const UNKNOWN_CODE = "EIO";

/** An error that belongs to one file, with a code as the system's have. */
export class FileFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Any error as the problem of one file: its code is the system's, of the error itself or of its cause. */
export function fileProblem(path: string, error: unknown): FileProblem {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCodeOf(error) ?? systemCodeOf(cause) ?? UNKNOWN_CODE;
  return { path, code, message: error instanceof Error ? error.message : String(error) };
}
