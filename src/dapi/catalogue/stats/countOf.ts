import { MusterError } from "../../../protocol/errors/MusterError.js";

/**
 * A whole number of a statistics file, spaces around it allowed.
 *
 * @param place where it stands, for the error
 * @throws MusterError internal 1309
 */
export function countOf(text: string, place: string): number {
  if (!/^\s{0,64}-?\d{1,15}\s{0,64}$/.test(text)) throw damaged(place);
  return Number(text);
}

/** The error for a statistics file that is not as it should be. @param place where */
export function damaged(place: string, cause?: unknown): MusterError {
  return MusterError.internal(1309, place, cause === undefined ? {} : { cause });
}
