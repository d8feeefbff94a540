import { MusterError } from "../../protocol/errors/MusterError.js";

/**
 * The catalogue's general cluster error, which a peer of every release can read; the newer codes for
 * single causes (3003, 3050, 3053) would themselves be an error to a peer of this dialect (dapi.md 5.4).
 */
const REFUSED = 3000;

/** Characters of a hostile name that an error shows. */
const SHOWN_NAME_LENGTH = 200;

/**
 * The error of an archive that is not taken: `archive refused: <what>`; nothing of it is kept.
 *
 * @param fault which entry, and what is wrong with it.
 */
export function archiveRefused(fault: string, cause?: unknown): MusterError {
  return MusterError.cluster(REFUSED, `archive refused: ${fault}`, cause === undefined ? {} : { cause });
}

/** A name for an error's text: quoted, escaped, shortened. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > SHOWN_NAME_LENGTH ? `${name.slice(0, SHOWN_NAME_LENGTH)}…` : name);
}
