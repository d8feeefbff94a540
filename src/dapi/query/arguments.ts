import { z } from "zod";
import { DEFAULT_LIMIT, type Page } from "./processArray.js";

/** Most names in one `select` or `sort`. */
const MOST_FIELDS = 128;

/** Longest name of a field, in characters. */
const LONGEST_FIELD = 256;

/** Longest text to search for, in characters. */
const LONGEST_SEARCH = 4096;

const fieldNames = z.array(z.string().max(LONGEST_FIELD)).max(MOST_FIELDS);
const oneOrMore = z.union([
  z
    .string()
    .max(LONGEST_FIELD)
    .transform((name) => [name]),
  fieldNames,
]);
/** Python's truth values travel as `true`, or as 1. */
const flag = z.union([z.boolean(), z.literal(0), z.literal(1)]).transform(Boolean);

const cut = {
  // Bounds have errors of their own (1400 to 1406), which processArray raises.
  offset: z
    .number()
    .nullish()
    .transform((offset) => offset ?? 0)
    .describe("First item to return."),
  limit: z.number().nullable().default(DEFAULT_LIMIT).describe("Most items to return; null: all."),
};

const selection = {
  select: oneOrMore.nullish().describe("Fields to return; dots between nested names."),
  q: z.string().nullish().describe("Query, for example `level>5;groups=syslog`."),
};

/**
 * Arguments of functions that take `sort` and `search` as objects (dapi.md 3, wire form): spread into a schema;
 * `pageOf` reads them. `sort` is `{fields, order}`, `search` is `{negation, value}`.
 */
export const objectPageArguments = {
  ...cut,
  ...selection,
  sort: z.object({ fields: fieldNames.nullish(), order: z.enum(["asc", "desc"]).default("asc") }).nullish(),
  search: z.object({ value: z.string().max(LONGEST_SEARCH), negation: flag.default(false) }).nullish(),
};

/** Arguments of functions of lists: `sort_by`, `sort_ascending`, `search_text`, `complementary_search` (dapi.md 3). */
export const listPageArguments = {
  ...cut,
  sort_by: oneOrMore.nullish(),
  sort_ascending: flag.nullish(),
  search_text: z.string().max(LONGEST_SEARCH).nullish(),
  complementary_search: flag.nullish(),
  search_in_fields: oneOrMore.nullish(),
};

/** The same, for functions that also select and query. */
export const listSelectArguments = { ...listPageArguments, ...selection };

/** What `pageOf` reads: the output of a schema made of these arguments. */
export type ObjectPageArguments = Partial<z.output<z.ZodObject<typeof objectPageArguments>>>;
export type ListPageArguments = Partial<z.output<z.ZodObject<typeof listSelectArguments>>>;

/** The page that arguments in object form ask for. */
export function pageOf(args: ObjectPageArguments): Page {
  const { sort, search } = args;
  return {
    ...commonOf(args),
    sort: sort ? { fields: sort.fields ?? [], ascending: sort.order === "asc" } : null,
    search: search ? { text: search.value, negation: search.negation, inFields: null } : null,
  };
}

/** The page that arguments in list form ask for. */
export function pageOfList(args: ListPageArguments): Page {
  const { sort_by: fields, search_text: text } = args;
  return {
    ...commonOf(args),
    sort: fields ? { fields, ascending: args.sort_ascending ?? true } : null,
    search: text
      ? { text, negation: args.complementary_search ?? false, inFields: args.search_in_fields ?? null }
      : null,
  };
}

function commonOf(
  args: Pick<ObjectPageArguments, "offset" | "limit" | "select" | "q">,
): Pick<Page, "offset" | "limit" | "select" | "q"> {
  return {
    offset: args.offset ?? 0,
    limit: args.limit === undefined ? DEFAULT_LIMIT : args.limit,
    select: args.select ?? null,
    q: args.q ?? null,
  };
}
