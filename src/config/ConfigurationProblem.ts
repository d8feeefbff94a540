import { MusterError } from "../protocol/errors/MusterError.js";
import type { SourcePosition } from "./TextPositions.js";

/** The catalogue's codes for mistakes in configuration (dapi.md 5.4). */
export type ConfigurationCode = 3004 | 3005 | 3006;

/** One mistake in a node's configuration. */
export interface ConfigurationProblem {
  readonly code: ConfigurationCode;
  /** What is added to the catalogue's text of the code, on one line. */
  readonly detail: string;
  /** The whole message, one line: `Error 3004 - Error in cluster configuration: …`. */
  readonly message: string;
}

/** A problem from its code and what is added to the code's text. */
export function problem(code: ConfigurationCode, detail: string): ConfigurationProblem {
  return { code, detail, message: MusterError.cluster(code, detail).toString() };
}

/** Where a mistake of the `<cluster>` block stands, and what to write instead. */
export interface ClusterProblemPlace {
  readonly element: string;
  readonly file: string;
  /** Undefined: the element is not there, and its default is the mistake. */
  readonly position: SourcePosition | undefined;
  /** Where else than in the file the value was given; it stands over the file's. */
  readonly origin?: string | undefined;
  readonly advice: string;
}

/**
 * A 3004 problem: the reference's text (dapi.md 5.2) followed by the element, file and line, and by
 * what is allowed, all on one line.
 */
export function clusterProblem(
  text: string,
  { element, file, position, origin, advice }: ClusterProblemPlace,
): ConfigurationProblem {
  const place = origin ?? (position === undefined ? `not set in ${file}` : `${file}:${position.line}`);
  return problem(3004, `${text} (<${element}>, ${place}: ${advice})`);
}
