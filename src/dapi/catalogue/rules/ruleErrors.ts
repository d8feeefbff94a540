import { MusterError } from "../../../protocol/errors/MusterError.js";
import { FileTooLargeError } from "../ruleset/ParsedFiles.js";
import { homePath, systemCode } from "../ruleset/loadRuleset.js";
import { XmlSyntaxError } from "../ruleset/XmlElement.js";
import { RuleError } from "./parseRules.js";

/** The error of a rule file that can't be used: 1413 for its contents, 1207 without permission, else 1201 (dapi.md 5.5). */
export function ruleFileError(cause: unknown, path: string): MusterError {
  if (cause instanceof XmlSyntaxError || cause instanceof RuleError) {
    return MusterError.user(1413, `${homePath(path)}: ${cause.message}`, { cause });
  }
  const code = systemCode(cause);
  if (code === "EACCES" || code === "EPERM") return MusterError.user(1207, homePath(path), { cause });
  const reason = cause instanceof FileTooLargeError ? `${homePath(path)} is too large` : homePath(path);
  return MusterError.user(1201, reason, { cause });
}
