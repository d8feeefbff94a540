import type { JsonRecord } from "../../dapi/encoding/values.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { LIST, listOf, type Parameter, text } from "./Parameter.js";

/** Items of a page unless the asker says otherwise, and at most (dapi.md 3). */
const DEFAULT_LIMIT = 500;
const MAXIMUM_LIMIT = 100_000;

const WHOLE_NUMBER = /^\d{1,15}$/;

const offset: Parameter = {
  name: "offset",
  place: "query",
  schema: { type: "integer", minimum: 0, default: 0 },
  description: "First item to return.",
  toArguments: (given) => {
    if (!WHOLE_NUMBER.test(given)) throw MusterError.user(1400, given);
    return { offset: Number(given) };
  },
  otherwise: { offset: 0 },
};

const limit: Parameter = {
  name: "limit",
  place: "query",
  schema: { type: "integer", minimum: 1, maximum: MAXIMUM_LIMIT, default: DEFAULT_LIMIT },
  description: "Most items to return.",
  toArguments: (given) => {
    if (!WHOLE_NUMBER.test(given)) throw MusterError.user(1401, given);
    const value = Number(given);
    if (value === 0) throw MusterError.user(1406);
    if (value > MAXIMUM_LIMIT) throw MusterError.user(1405, given);
    return { limit: value };
  },
  otherwise: { limit: DEFAULT_LIMIT },
};

const SORT = "Fields with commas between them, after + (ascending, also without a sign) or - (descending).";
const SEARCH = "Items in which this text stands; after - those in which it does not.";

const sortSchema: JsonRecord = { type: "string", examples: ["+name", "-version,name"] };
const searchSchema: JsonRecord = { type: "string" };

/** Fields to return. */
export const select: Parameter = {
  name: "select",
  place: "query",
  schema: LIST,
  description: "Fields to return, with commas between them and dots between nested names.",
  toArguments: (given) => ({ select: listOf("select", given) }),
};

/** A query. */
export const q: Parameter = text("q", "Query: FIELD=VALUE (also !=, <, >, ~) with ; for and, a comma for or, and parentheses.");

/** Paging of functions that take `sort` and `search` as objects (dapi.md 3). */
export const objectPage: readonly Parameter[] = [
  offset,
  limit,
  {
    name: "sort",
    place: "query",
    schema: sortSchema,
    description: SORT,
    toArguments: (given) => {
      const { fields, isAscending } = parseSort(given);
      return { sort: { fields, order: isAscending ? "asc" : "desc" } };
    },
  },
  {
    name: "search",
    place: "query",
    schema: searchSchema,
    description: SEARCH,
    toArguments: (given) => ({ search: parseSearch(given) }),
  },
];

/**
 * Paging of functions of lists: `sort_by`, `sort_ascending`, `search_text`, `complementary_search` (dapi.md 3).
 *
 * @param sortBy the order unless the asker says otherwise; null: the items are bare texts, always in the same order
 * @param isAscending its direction
 */
export function listPage(sortBy: readonly string[] | null, isAscending = true): readonly Parameter[] {
  return [offset, limit, ...(sortBy === null ? [] : [listSort(sortBy, isAscending)]), listSearch];
}

const listSearch: Parameter = {
  name: "search",
  place: "query",
  schema: searchSchema,
  description: SEARCH,
  toArguments: (given) => {
    const { value, negation } = parseSearch(given);
    return { search_text: value, complementary_search: negation };
  },
};

function listSort(sortBy: readonly string[], isAscending: boolean): Parameter {
  return {
    name: "sort",
    place: "query",
    schema: sortSchema,
    description: SORT,
    toArguments: (given) => {
      const sort = parseSort(given);
      return { sort_by: sort.fields, sort_ascending: sort.isAscending };
    },
    otherwise: { sort_by: sortBy, sort_ascending: isAscending },
  };
}

/**
 * `+a,b` or `-a,b`. A plus may have arrived as a space, which is what it means in a query string.
 *
 * @throws MusterError 1403 when a field is empty or has the other direction than the first
 */
export function parseSort(given: string): { readonly fields: readonly string[]; readonly isAscending: boolean } {
  const isAscending = !given.startsWith("-");
  const fields = given.split(",").map((field, index) => {
    const sign = /^[+\- ]/.exec(field)?.[0];
    const isAgreed = sign === undefined || (sign === "-") !== isAscending;
    const name = sign === undefined ? field : field.slice(1);
    if (name === "" || (index > 0 && !isAgreed)) {
      throw MusterError.user(1403, given, { extraRemediation: "one sign before the first field holds for all of them" });
    }
    return name;
  });
  return { fields, isAscending };
}

/** `text`, or `-text` for items without it. */
function parseSearch(given: string): { readonly value: string; readonly negation: boolean } {
  const negation = given.startsWith("-");
  return { value: negation ? given.slice(1) : given, negation };
}
