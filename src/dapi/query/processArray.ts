import { MusterError } from "../../protocol/errors/MusterError.js";
import { filterItems, type Filters } from "./filterItems.js";
import { matchesQuery } from "./matchesQuery.js";
import { parseQuery } from "./parseQuery.js";
import { searchItems, type Search } from "./searchItems.js";
import { selectFields, type SelectRules } from "./selectFields.js";
import { sortItems, type Sorting } from "./sortItems.js";

/** Items of a page when the asker names no limit (dapi.md 3). */
export const DEFAULT_LIMIT = 500;

/** Largest limit that may be asked for (dapi.md 3). */
export const LARGEST_LIMIT = 100_000;

/** What an asker wants to see of a list, whichever form the arguments had. */
export interface Page {
  readonly offset: number;
  /** Null: all. */
  readonly limit: number | null;
  readonly sort: Sorting | null;
  readonly search: Search | null;
  readonly select: readonly string[] | null;
  readonly q: string | null;
}

/** What a function knows of its items. All optional. */
export interface ArrayRules extends SelectRules {
  readonly filters?: Filters;
  /** Fields to sort by; without them those that an item has. */
  readonly allowedSortFields?: readonly string[];
  /** Fields that `q` may name; without them all. */
  readonly allowedQueryFields?: readonly string[];
}

/** One page of a list, and how many items there are before it is cut. */
export interface ProcessedArray<Item = unknown> {
  readonly items: readonly Item[];
  readonly totalItems: number;
}

/**
 * Filters, searches, queries, sorts, selects and cuts a list, in this order, as the reference does for the results of
 * list functions (dapi.md 3 and 6.2). The list itself stays as it is.
 *
 * @throws MusterError 1400, 1401, 1405, 1406 (offset, limit), 1403 (sort), 1407, 1408, 1409 (`q`), 1724 (select)
 */
export function processArray(items: readonly unknown[], page: Partial<Page>, rules: ArrayRules = {}): ProcessedArray {
  const { offset = 0, limit = DEFAULT_LIMIT, sort = null, search = null, select = null, q = null } = page;
  checkBounds(offset, limit);
  const query = q === null || q === "" ? undefined : parseQuery(q, rules.allowedQueryFields);

  let found = filterItems(items, rules.filters ?? {});
  if (search !== null && search.text !== "") found = searchItems(found, search);
  if (query !== undefined) found = found.filter((item) => matchesQuery(item, query));
  if (sort !== null) found = sortItems(found, sort, rules.allowedSortFields);
  if (select !== null && select.length > 0) found = selectFields(found, select, rules);
  const end = limit === null ? found.length : offset + limit;
  return { items: found.slice(offset, end), totalItems: found.length };
}

/** @throws MusterError 1400, 1401, 1405, 1406 */
export function checkBounds(offset: number, limit: number | null): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw MusterError.user(1400);
  if (limit === null) return;
  if (limit === 0) throw MusterError.user(1406);
  if (!Number.isSafeInteger(limit) || limit < 0) throw MusterError.user(1401);
  if (limit > LARGEST_LIMIT) throw MusterError.user(1405, String(limit));
}
