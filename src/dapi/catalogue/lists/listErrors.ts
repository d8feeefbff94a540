import { MusterError } from "../../../protocol/errors/MusterError.js";
import { homePath, systemCode } from "../ruleset/loadRuleset.js";
import { FileTooLargeError } from "../ruleset/ParsedFiles.js";
import { CdbListError } from "./parseCdbList.js";

/** The error of a list that can't be used: 1800 for its contents, 1803 without permission, else 1804 (dapi.md 5.5). */
export function listFileError(cause: unknown, path: string): MusterError {
  if (cause instanceof CdbListError)
    return MusterError.user(1800, { path: `${homePath(path)}: ${cause.message}` }, { cause });
  const code = systemCode(cause);
  if (code === "EACCES" || code === "EPERM") return MusterError.user(1803, homePath(path), { cause });
  const reason = cause instanceof FileTooLargeError ? `${homePath(path)} is too large` : homePath(path);
  return MusterError.user(1804, reason, { cause });
}
