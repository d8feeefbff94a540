import { MusterError } from "../errors/MusterError.js";
import type { Dialect } from "./Dialect.js";
import { zip43 } from "./zip43.js";

/** Every dialect that this node speaks. */
export const DIALECTS: readonly Dialect[] = Object.freeze([zip43]);

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
