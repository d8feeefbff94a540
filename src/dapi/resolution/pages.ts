import type { JsonRecord } from "../encoding/values.js";
import type { ApiResult } from "../results/ApiResult.js";

/** Items of a page when the asker names no limit, and the most that a function gives at once (dapi.md 3). */
const DEFAULT_LIMIT = 500;
const LARGEST_LIMIT = 100_000;

/** The part of the merged items that the asker wants. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/**
 * The page that a request to several nodes asks for; undefined when it names none. Each node cuts its own items before
 * they are merged, so each is asked for everything up to the page's end, and the page is cut from the merged items.
 */
export function pageOf({ offset, limit }: JsonRecord): Page | undefined {
  if (!isCount(offset) && !isCount(limit)) return undefined;
  if (limit === null || limit === 0) return undefined;
  return { offset: isCount(offset) ? offset : 0, limit: isCount(limit) ? limit : DEFAULT_LIMIT };
}

/** The arguments for each of the nodes. */
export function widened(given: JsonRecord, page: Page): JsonRecord {
  return { ...given, offset: 0, limit: Math.min(page.offset + page.limit, LARGEST_LIMIT) };
}

/** The page of what the nodes' items have been merged to; how many there are in all stays. */
export function cut(result: ApiResult, { offset, limit }: Page): ApiResult {
  if (result.kind !== "affectedItems") return result;
  return { ...result, affectedItems: result.affectedItems.slice(offset, offset + limit) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
