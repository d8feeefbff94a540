import type { FileProblem } from "../../workers/jobs.js";
import { systemCodeOf } from "./systemCode.js";

/** Problems that one job reports one by one; the rest is only counted, so that a bad disk cannot flood the main thread. */
export const REPORTED_PROBLEMS = 1000;

/** Collects what a job had to leave out. */
export class Problems {
  private readonly reported: FileProblem[] = [];
  private unreported = 0;

  /** @param code the system's code where there is one. */
  add(path: string, code: string, message: string): void {
    if (this.reported.length < REPORTED_PROBLEMS) this.reported.push({ path, code, message });
    else this.unreported++;
  }

  /** Adds what an error says; its code is `EIO` when it has none. */
  addError(path: string, doing: string, error: unknown): void {
    const code = systemCodeOf(error) ?? "EIO";
    this.add(path, code, `${doing}: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** All of them; the last one says how many more there are. */
  list(): readonly FileProblem[] {
    if (this.unreported === 0) return this.reported;
    const message = `${this.unreported} more files have problems`;
    return [...this.reported, { path: "", code: "EOVERFLOW", message }];
  }
}
