import { MusterError } from "../../../protocol/errors/MusterError.js";
import { homePath } from "../ruleset/loadRuleset.js";
import { FileTooLargeError } from "../ruleset/ParsedFiles.js";
import { XmlSyntaxError } from "../ruleset/XmlElement.js";
import { DecoderError } from "./parseDecoders.js";

/** The error of a decoder file that can't be used: 1501 for its contents, else 1502 (dapi.md 5.5). */
export function decoderFileError(cause: unknown, path: string): MusterError {
  if (cause instanceof XmlSyntaxError || cause instanceof DecoderError) {
    return MusterError.user(1501, `${homePath(path)}: ${cause.message}`, { cause });
  }
  const reason = cause instanceof FileTooLargeError ? `${homePath(path)} is too large` : homePath(path);
  return MusterError.user(1502, reason, { cause });
}
