import { MusterError } from "../../protocol/errors/MusterError.js";

/** The arguments of `get_nodes` (dapi.md 4.1), resolved over their defaults. */
export interface NodesArguments {
  /** Null: all nodes. */
  readonly filterNode: readonly string[] | null;
  readonly filterType: string;
  readonly offset: number;
  readonly limit: number;
  readonly sort: { readonly fields: readonly string[]; readonly order: "asc" | "desc" } | null;
  readonly search: { readonly value: string; readonly negation: boolean } | null;
  readonly select: readonly string[] | null;
}

const DEFAULT_LIMIT = 500;
const LARGEST_LIMIT = 100_000;

/**
 * Reads the JSON arguments of `get_nodes`; absent ones have their defaults.
 *
 * @throws MusterError 1000 for another form; 1400, 1405 and 1406 for an offset or limit out of bounds
 */
export function parseNodesArguments(value: unknown): NodesArguments {
  if (value === null) return parseNodesArguments({});
  if (!isRecord(value)) throw malformed("an object");
  const { offset = 0, limit = DEFAULT_LIMIT, filter_type: filterType = "all" } = value;
  if (typeof offset !== "number" || !Number.isInteger(offset) || offset < 0) throw MusterError.user(1400);
  if (limit !== null && (typeof limit !== "number" || !Number.isInteger(limit) || limit < 0)) throw MusterError.user(1401);
  if (limit === 0) throw MusterError.user(1406);
  if (limit !== null && limit > LARGEST_LIMIT) throw MusterError.user(1405, String(limit));
  if (typeof filterType !== "string") throw malformed("filter_type as a text");
  return {
    filterNode: names(value.filter_node, "filter_node"),
    filterType,
    offset,
    limit: limit ?? LARGEST_LIMIT,
    sort: sortOf(value.sort),
    search: searchOf(value.search),
    select: names(value.select, "select"),
  };
}

/** Names from the wire: null, one text, or a list of texts. */
export function names(value: unknown, what: string): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((name): name is string => typeof name === "string")) return value;
  throw malformed(`${what} as a name or a list of names`);
}

function sortOf(value: unknown): NodesArguments["sort"] {
  if (value === undefined || value === null) return null;
  if (!isRecord(value)) throw malformed("sort as an object");
  const fields = names(value.fields, "sort.fields") ?? [];
  return { fields, order: value.order === "desc" ? "desc" : "asc" };
}

function searchOf(value: unknown): NodesArguments["search"] {
  if (value === undefined || value === null) return null;
  if (!isRecord(value) || typeof value.value !== "string") throw malformed("search as an object with a value");
  return { value: value.value, negation: value.negation === true || value.negation === 1 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(expected: string): MusterError {
  return MusterError.internal(1000, `get_nodes expects ${expected}`);
}
