import { MusterError } from "../errors/MusterError.js";
import type { Dialect } from "./Dialect.js";
import { zip43 } from "./zip43.js";
import { zlib414 } from "./zlib414.js";

/** Every dialect that this node speaks; the first one is the default. */
export const DIALECTS: readonly Dialect[] = Object.freeze([zip43, zlib414]);

/** What a node speaks that nobody has told anything. */
export const DEFAULT_DIALECT: Dialect = zip43;

/** What a `hello`'s version token may be: one word of printable ASCII. */
const VERSION = /^[\x21-\x7e]{1,64}$/;

/**
 * The dialect of that id, as settings name it.
 *
 * @throws MusterError 3004 for an id that no dialect has; the text lists those there are.
 */
export function dialectById(id: string): Dialect {
  const dialect = DIALECTS.find((candidate) => candidate.id === id);
  if (dialect !== undefined) return dialect;
  const known = DIALECTS.map((candidate) => candidate.id).join(", ");
  throw MusterError.cluster(3004, `Unknown dialect '${id}'. Set one of: ${known}`);
}

/** The dialect of the nodes of a version, with that version; undefined when this node speaks none of theirs. */
export function dialectOfVersion(version: string): Dialect | undefined {
  const dialect = DIALECTS.find((candidate) => new RegExp(candidate.versions).test(version));
  return dialect === undefined ? undefined : withVersion(dialect, version);
}

/**
 * A dialect under another version: nodes take only peers of exactly their own version.
 *
 * @throws MusterError 3004 for a text that can't be a version in `hello`.
 */
function withVersion(dialect: Dialect, version: string): Dialect {
  if (!VERSION.test(version)) throw MusterError.cluster(3004, `'${version}' can't be a node's version: it is one word, such as ${dialect.version}`);
  return version === dialect.version ? dialect : Object.freeze({ ...dialect, version });
}

/**
 * The dialect that settings ask for: by its id, by a version alone, or both.
 *
 * @throws MusterError 3004 for an unknown id, or a version of no known dialect and no id besides.
 */
export function chooseDialect(id: string | undefined, version: string | undefined): Dialect | undefined {
  if (id !== undefined) return version === undefined ? dialectById(id) : withVersion(dialectById(id), version);
  if (version === undefined) return undefined;
  const dialect = dialectOfVersion(version);
  if (dialect !== undefined) return dialect;
  const known = DIALECTS.map((candidate) => candidate.id).join(", ");
  throw MusterError.cluster(3004, `No known dialect belongs to version '${version}'. Name the one that its nodes speak as well: ${known}`);
}
