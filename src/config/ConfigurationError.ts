import { MusterError } from "../protocol/errors/MusterError.js";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import type { SourcePosition } from "./TextPositions.js";

/**
 * A configuration with which a node can't run. It has the code and the text of its first mistake (the
 * one that the reference would name, dapi.md 5.2); `problems` lists all of them.
 */
export class ConfigurationError extends MusterError {
  readonly problems: readonly ConfigurationProblem[];

  /** At least one problem is needed; without any this is a RangeError, for it would say nothing. */
  constructor(problems: readonly ConfigurationProblem[], cause?: unknown) {
    const [first] = problems;
    if (first === undefined) throw new RangeError("A ConfigurationError needs at least one problem.");
    super("WazuhClusterError", first.code, { extraMessage: first.detail, cause });
    this.problems = Object.freeze([...problems]);
  }

  /** 3006: ossec.conf is no well-formed XML at `position`. */
  static malformedXml(file: string, position: SourcePosition, reason: string): ConfigurationError {
    const place = `${file}:${position.line}:${position.column}`;
    return new ConfigurationError([problem(3006, `XML syntax error at ${place}: ${reason}. Correct the file there.`)]);
  }
}
