import { MusterError } from "../errors/MusterError.js";

/** System codes that a person can do something about, and what. */
const ADVICE: Readonly<Record<string, string>> = Object.freeze({
  ENOSPC: "the disk is full: free some space there",
  EDQUOT: "the disk quota is used up: free some space there",
  EROFS: "the file system is mounted read-only",
  EACCES: "permission denied: check owner and mode of its folder",
  EPERM: "permission denied: check owner and mode of its folder",
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "a folder stands in its place",
  EEXIST: "a file of that name is there already",
  ELOOP: "a part of its path is a symbolic link",
  EMFILE: "this process has too many files open",
  ENFILE: "this system has too many files open",
});

/**
 * The internal error 1000 for a file of a transfer that could not be written: which file, what could
 * not be done with it, why, and what to do. A MusterError is returned as it is.
 *
 * @param done what could not be done, as in "was not written".
 */
export function diskError(path: string, done: "opened" | "written" | "removed", error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  const advice = code === undefined ? undefined : ADVICE[code];
  const reason =
    advice === undefined ? (error instanceof Error ? error.message : String(error)) : `${advice} (${code})`;
  return MusterError.internal(1000, `${path} was not ${done}: ${reason}`, { cause: error });
}
